import os
import random
import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from customers.models import ApiKey, Channel, Customer, Scope
from oms.core.models import User
from oms.desk.demo import house
from oms.desk.demo.bills import bill_vendors
from oms.desk.demo.counter import sell_at_the_counter
from oms.desk.demo.dock import fill_dock
from oms.desk.demo.floor import work_the_floor
from oms.desk.demo.prices import give_away, set_prices
from oms.desk.demo.range import widen_range
from oms.desk.demo.telephone import answer_the_phone
from oms.desk.demo.trade import trade
from oms.desk.setup import set_up


class Command(BaseCommand):
    help = "Fill an empty database with a house to look at: a month of trade, and somebody for each role (password: DEMO_PASSWORD)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="do nothing, and say so, where there is something already")

    def handle(self, *args: Any, if_empty: bool = False, **options: Any) -> None:
        if Customer.objects.exists() or User.objects.exists():
            if if_empty:
                return
            raise CommandError("There are customers or people here already: the demo fills an empty database only.")
        password = os.environ.get("DEMO_PASSWORD") or secrets.token_urlsafe(9)
        with transaction.atomic():
            set_up()
            house.hire(password)
            dice = random.Random(20)
            channels = house.open_channels()
            house.set_taxes()
            house.find_carriers()
            warehouses = house.open_warehouses()
            house.lay_lanes(warehouses)
            skus = house.fill_shelves(warehouses, dice)
            widen_range(warehouses)
            customers = house.know_customers(channels, dice)
            set_prices(channels, customers)
            _key, readable = ApiKey.issue(channel=Channel.objects.get(code="web"), name="Demo storefront", scopes=list(Scope.values))
        trade(channels, customers, skus, dice)
        give_away(channels, customers)
        work_the_floor(warehouses, random.Random(7))
        fill_dock(warehouses[0], skus)
        bill_vendors(warehouses[0], skus)
        sell_at_the_counter(channels["store"], warehouses[0], customers)
        answer_the_phone(customers)
        self.stdout.write(f"A house with a month of trade is there. An API key of its web shop, shown only now: {readable}")
        if not os.environ.get("DEMO_PASSWORD"):
            self.stdout.write(f"The password of clerk, warehouse, accountant, manager and administrator: {password}")
