"""Every state machine: its transitions are the moves that are listed, and the database refuses all others."""

import pytest
from django.db import connection, transaction
from django.db.utils import InternalError
from django_fsm import TransitionNotAllowed

from accounting.models import Invoice
from accounting.states import INVOICE_MOVES, InvoiceState
from inventory.models import PurchaseNeed, PurchaseOrder
from inventory.states import NEED_MOVES, PURCHASE_MOVES, NeedState, PurchaseState
from orders.models import Order
from orders.states import ORDER_MOVES, OrderState
from shipping.models import Shipment
from shipping.states import SHIPMENT_MOVES, ShipmentState
from tests import cast

MACHINES = [
    (Order, ORDER_MOVES, OrderState),
    (Shipment, SHIPMENT_MOVES, ShipmentState),
    (Invoice, INVOICE_MOVES, InvoiceState),
    (PurchaseOrder, PURCHASE_MOVES, PurchaseState),
    (PurchaseNeed, NEED_MOVES, NeedState),
]
IDS = [machine[0].__name__ for machine in MACHINES]


def transitions_of(model):
    probe = model()
    return [t for t in model._meta.get_field("state").get_all_transitions(model)] if probe is not None else []


@pytest.mark.parametrize(("model", "moves", "states"), MACHINES, ids=IDS)
def test_the_transitions_of_the_model_are_the_moves_that_are_listed(model, moves, states):
    found = {(str(t.source), str(t.target)) for t in transitions_of(model)}

    assert found == {(str(a), str(b)) for a, b in moves}


@pytest.mark.parametrize(("model", "moves", "states"), MACHINES, ids=IDS)
def test_every_transition_from_every_state_moves_or_is_refused(model, moves, states):
    names = {t.name for t in transitions_of(model)}
    for state in states:
        for name in names:
            row = model(state=state)
            legal = {str(t.target) for t in transitions_of(model) if t.name == name and str(t.source) == str(state)}
            try:
                getattr(row, name)()
            except TransitionNotAllowed:
                assert not legal or any(t.conditions for t in transitions_of(model) if t.name == name)
                assert row.state == state
            else:
                assert row.state in legal


@pytest.mark.parametrize("table", ["orders_order", "shipping_shipment", "accounting_invoice"])
def test_the_database_refuses_every_move_that_is_not_listed(house, table):
    order = house.place(("MUG", 1))
    cast.run_line("screen", "reserve", "invoice", "plan")
    assert order.pk
    model, moves, states = next(machine for machine in MACHINES if machine[0]._meta.db_table == table)
    legal = {(str(a), str(b)) for a, b in moves}
    refused = 0
    for start in states:
        for end in states:
            if start == end:
                continue
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")
                cursor.execute(f"UPDATE {table} SET state = %s", [str(start)])
                cursor.execute("SET LOCAL session_replication_role = origin")
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(f"UPDATE {table} SET state = %s", [str(end)])
            except InternalError:
                refused += 1
                assert (str(start), str(end)) not in legal
            else:
                assert (str(start), str(end)) in legal
    assert refused == len(states) * (len(states) - 1) - len(legal)
