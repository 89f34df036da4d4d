from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """Somebody who works here. What they may do comes from their role: see oms.core.access."""
