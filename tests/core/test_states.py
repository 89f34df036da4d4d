"""Every state machine: its transitions are the moves that are listed, and the database refuses all others."""

from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.utils import InternalError
from django.utils import timezone
from django_fsm import TransitionNotAllowed

from accounting.models import Checkout, DrawerSession, Invoice, VendorBill
from accounting.states import (
    BILL_MOVES,
    CHECKOUT_MOVES,
    DRAWER_MOVES,
    INVOICE_MOVES,
    BillState,
    CheckoutState,
    DrawerState,
    InvoiceState,
)
from inventory.models import Count, PurchaseNeed, PurchaseOrder, Reservation, Transfer
from inventory.purchasing.needs import approve_needs
from inventory.states import (
    COUNT_MOVES,
    NEED_MOVES,
    PURCHASE_MOVES,
    RESERVATION_MOVES,
    TRANSFER_MOVES,
    CountState,
    NeedState,
    PurchaseState,
    ReservationState,
    TransferState,
)
from inventory.transferring import plan_transfer
from orders.models import Order, SourcingSimulation
from orders.states import ORDER_MOVES, SIMULATION_MOVES, OrderState, SimulationState
from shipping.models import Shipment
from shipping.states import SHIPMENT_MOVES, ShipmentState
from tests import cast
from tests.accounting import buying

MACHINES = [
    (Order, ORDER_MOVES, OrderState),
    (Shipment, SHIPMENT_MOVES, ShipmentState),
    (SourcingSimulation, SIMULATION_MOVES, SimulationState),
    (Invoice, INVOICE_MOVES, InvoiceState),
    (VendorBill, BILL_MOVES, BillState),
    (DrawerSession, DRAWER_MOVES, DrawerState),
    (Checkout, CHECKOUT_MOVES, CheckoutState),
    (PurchaseOrder, PURCHASE_MOVES, PurchaseState),
    (PurchaseNeed, NEED_MOVES, NeedState),
    (Transfer, TRANSFER_MOVES, TransferState),
    (Count, COUNT_MOVES, CountState),
]
IDS = [machine[0].__name__ for machine in MACHINES]


# Nobody calls a transition on a reservation: stock moves its state in bulk, and only the database watches over it.
# What a drawer has counted goes with its state, and a constraint refuses the one without the other before the trigger can speak.
TABLES = [*(machine for machine in MACHINES if machine[0] is not DrawerSession), (Reservation, RESERVATION_MOVES, ReservationState)]
TABLE_IDS = [model._meta.db_table for model, _, _ in TABLES]
PAID_WHEN = {"settle": Decimal(10), "settle_part": Decimal(4), "unsettle": Decimal(0), "credit": Decimal(0), "write_off": Decimal(0)}


def transitions_of(model):
    return list(model._meta.get_field("state").get_all_transitions(model))


def ready(model, state, name):
    """Give a row in `state` with nothing but its state in the way of transition `name`."""
    if model is Invoice:
        return model(state=state, total=Decimal(10), paid=PAID_WHEN[name])
    return model(state=state)


@pytest.mark.parametrize(("model", "moves", "states"), MACHINES, ids=IDS)
def test_the_transitions_of_the_model_are_the_moves_that_are_listed(model, moves, states):
    found = {(str(t.source), str(t.target)) for t in transitions_of(model)}

    assert found == {(str(a), str(b)) for a, b in moves}


@pytest.mark.parametrize(
    ("model", "state", "name"),
    [(model, str(state), name) for model, _, states in MACHINES for state in states for name in sorted({t.name for t in transitions_of(model)})],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_transition_moves_from_its_sources_and_from_nowhere_else(model, state, name):
    targets = [str(t.target) for t in transitions_of(model) if t.name == name and str(t.source) == state]
    row = ready(model, state, name)

    if targets:
        getattr(row, name)()
        assert [row.state] == targets
    else:
        with pytest.raises(TransitionNotAllowed):
            getattr(row, name)()
        assert row.state == state


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (Order(state="placed", open_holds=1), "allocate"),
        (Order(state="backordered", open_holds=1), "allocate"),
        (Order(state="allocated", open_holds=2), "start_fulfilment"),
        (Order(state="fulfilling", fulfilment_status="partly_shipped"), "cancel"),
        (Invoice(state="issued", total=Decimal(10), paid=Decimal("9.99")), "settle"),
        (Invoice(state="issued", total=Decimal(10), paid=Decimal(0)), "settle_part"),
        (Invoice(state="issued", total=Decimal(10), paid=Decimal(10)), "settle_part"),
        (Invoice(state="paid", total=Decimal(10), paid=Decimal("0.01")), "unsettle"),
        (Invoice(state="paid", total=Decimal(10), paid=Decimal(10)), "credit"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_transition_is_refused_by_its_guard(row, name):
    before = row.state

    with pytest.raises(TransitionNotAllowed):
        getattr(row, name)()

    assert row.state == before


@pytest.fixture
def one_of_each(house):
    """One row in each of the tables that have a state."""
    SourcingSimulation.objects.create(rules=[], today=[], days=1, result={}, created_by="user:manager", created_at=timezone.now())
    placed = house.place(("MUG", 1))
    now = timezone.now()
    Checkout.objects.create(order=placed, gateway="sandbox", reference="R-1", amount=1, currency="GBP", created_at=now, due_at=now)
    cast.run_line("screen", "reserve", "invoice", "plan")
    cast.reorder(house, house.chair, point=2, target=4)
    cast.run_line("replenish")
    approve_needs([PurchaseNeed.objects.get().pk], actor="user:manager")
    plan_transfer("leeds", "ghent", [("MUG", 1)], expected_on=timezone.localdate(), actor="user:warehouse")
    Count.objects.create(warehouse=house.leeds, created_at=timezone.now(), created_by="user:warehouse")
    order = PurchaseOrder.objects.get()
    buying.bill(order, "R-1", CHAIR=1)


def write_state(table, state, *, past_the_guard=False):
    with transaction.atomic(), connection.cursor() as cursor:
        if past_the_guard:
            cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"UPDATE {table} SET state = %s", [state])
        assert cursor.rowcount == 1
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.mark.parametrize(("model", "moves", "states"), TABLES, ids=TABLE_IDS)
def test_the_database_refuses_every_move_that_is_not_listed(one_of_each, model, moves, states):
    table, passed = model._meta.db_table, set()

    for start in map(str, states):
        for end in map(str, states):
            if start == end:
                continue
            write_state(table, start, past_the_guard=True)
            try:
                write_state(table, end)
                passed.add((start, end))
            except InternalError as refusal:
                assert "Invalid transition" in str(refusal)
                assert model.objects.get().state == start

    assert passed == {(str(a), str(b)) for a, b in moves}


@pytest.mark.parametrize("model", [model for model, _, _ in MACHINES], ids=IDS)
def test_a_state_is_never_assigned(model):
    row = model()
    before = row.state

    with pytest.raises(AttributeError):
        row.state = "delivered"

    assert row.state == before
