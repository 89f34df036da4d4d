from typing import Any

from django.core.management.base import BaseCommand

from oms.desk.setup import set_up


class Command(BaseCommand):
    help = "Make what the house cannot work without: roles, chart of accounts, number series. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        set_up()
        self.stdout.write("Roles, accounts and number series are set up.")
