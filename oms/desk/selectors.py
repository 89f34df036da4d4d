"""What the home page counts, and what the demo's mailbox has received."""

from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from email import policy
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings
from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from oms.core.models import Event
from oms.desk.transit_map import MOST_COUNTED
from orders.models import Hold, Order
from shipping.models import Shipment

MOST_MAILS = 50


@dataclass(frozen=True)
class Figures:
    """Today's numbers. Of open orders, and of those that wait or are held, no more than MOST_COUNTED + 1 are counted."""

    placed: int
    value: Decimal
    left: int
    open: int
    waiting: int
    held: int

    @property
    def shown_open(self) -> str:
        return _shown(self.open)

    @property
    def shown_waiting(self) -> str:
        return _shown(self.waiting)

    @property
    def shown_held(self) -> str:
        return _shown(self.held)


def figures() -> Figures:
    """Count today's orders and shipments, and the open orders. Five queries, each with an index of its own."""
    midnight = timezone.make_aware(datetime.combine(timezone.localdate(), time.min))
    today = Order.objects.filter(placed_at__gte=midnight).aggregate(n=Count("pk"), total=Sum("total"))
    held = Hold.objects.filter(released_at__isnull=True).values("order").distinct()
    return Figures(
        placed=today["n"],
        value=today["total"] or Decimal(0),
        left=Shipment.objects.filter(dispatched_at__gte=midnight).count(),
        open=_up_to_most(Order.objects.open()),
        waiting=_up_to_most(Order.objects.filter(has_backorders=True)),
        held=_up_to_most(held),
    )


def _up_to_most(rows: QuerySet) -> int:
    return rows.order_by()[: MOST_COUNTED + 1].count()


def _shown(count: int) -> str:
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count)


def latest_event() -> int:
    """Give the id of the last thing that happened, 0 where nothing ever did. One look at the end of an index."""
    return Event.objects.order_by("-id").values_list("id", flat=True).first() or 0


def just_now() -> QuerySet[Event]:
    """Give the last things that happened to orders, the latest first."""
    return Event.objects.filter(order_id__isnull=False).order_by("-id")[:12]


@dataclass(frozen=True)
class ReceivedMail:
    """A mail as the demo's mail sink has kept it."""

    recipient: str
    subject: str
    at: datetime | None


def received_mails() -> list[ReceivedMail] | None:
    """Give the newest mails that the demo's mail sink has received; None where there is no sink."""
    if not settings.MAIL_SINK_DIR:
        return None
    files = sorted((path for path in Path(settings.MAIL_SINK_DIR).glob("[!.]*.eml")), key=lambda path: path.name, reverse=True)
    return [mail for path in files[:MOST_MAILS] if (mail := _read(path))]


def _read(path: Path) -> ReceivedMail | None:
    """Read the heads of a kept mail; None for one that the sink has forgotten meanwhile."""
    try:
        with path.open("rb") as file:
            heads = BytesHeaderParser(policy=policy.default).parse(file)
    except FileNotFoundError:
        return None
    try:
        at = parsedate_to_datetime(str(heads["Date"]))
    except (TypeError, ValueError):
        at = None
    return ReceivedMail(recipient=str(heads["To"] or ""), subject=str(heads["Subject"] or ""), at=at)
