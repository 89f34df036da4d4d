from typing import Any

from django.core.management.base import BaseCommand

from inventory.classifying import classify_skus


class Command(BaseCommand):
    help = "Put every SKU into class A, B or C by the value of what was issued of it in the last year. Beat does it every night."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{classify_skus()} SKUs changed their class.")
