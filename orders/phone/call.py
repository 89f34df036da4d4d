"""What a clerk has entered so far, read from the form as it stands: nothing typed is ever lost."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from customers.services import AddressDraft, CustomerDraft
from customers.states import CustomerKind
from oms.core.errors import BusinessError, Invalid
from orders.placing import LineDraft

MOST_ROWS = 300
_ENTRY = re.compile(r"^\s*(?:(\d{1,7})\s*[x×*]?\s+)?(\S.*?)\s*$")


def parse_entry(text: str) -> tuple[int, str]:
    """Read a line in one go: `12 ab-10` is twelve of ab-10, `blue mug` one. Gives (0, "") for nothing."""
    match = _ENTRY.match(text)
    return (int(match[1] or 1), match[2]) if match else (0, "")


@dataclass(frozen=True)
class Row:
    """A line as typed: quantities stay text until they are asked to be numbers."""

    sku: str
    quantity: str

    def draft(self, position: int) -> LineDraft:
        text = self.quantity.strip()
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise Invalid(_("The quantity of %(sku)s is a whole number.") % {"sku": self.sku}, pointer=f"/lines/{position}/quantity")
        return LineDraft(self.sku, int(text))


@dataclass
class Call:
    """A call as far as it has come."""

    key: str
    customer: str = ""
    rows: list[Row] = field(default_factory=list)
    fields: Mapping[str, str] = field(default_factory=dict)
    error: BusinessError | None = None

    @classmethod
    def new(cls) -> "Call":
        return cls(key=uuid.uuid4().hex)

    @classmethod
    def of(cls, data: QueryDict) -> "Call":
        """Read the form. Rows that were emptied are gone."""
        clean = {name: value.replace("\x00", "")[:2000] for name, value in data.items() if isinstance(value, str)}
        pairs = zip(data.getlist("sku"), data.getlist("quantity"), strict=False)
        rows = [Row(sku.replace("\x00", "")[:60].strip(), quantity[:12]) for sku, quantity in pairs if sku.strip() and quantity.strip() != "0"]
        key = clean.get("key", "")
        return cls(
            key=key if re.fullmatch(r"[0-9a-f]{32}", key) else uuid.uuid4().hex,
            customer=clean.get("customer", ""),
            rows=rows[:MOST_ROWS],
            fields=clean,
        )

    @property
    def basket(self) -> str:
        """What the call's stock is held under."""
        return f"phone:{self.key}"

    @property
    def drafts(self) -> list[LineDraft]:
        return [row.draft(position) for position, row in enumerate(self.rows)]

    @property
    def is_new_customer(self) -> bool:
        return not self.customer and bool(self.fields.get("new_name", "").strip())

    def customer_draft(self) -> CustomerDraft:
        """Give the customer to register. Raises Invalid where the address is missing."""
        get = self.fields.get
        if not get("new_lines", "").strip() or not get("new_city", "").strip():
            raise Invalid(_("A new customer needs an address: street and town."), pointer="/new_lines")
        country = get("new_country", "GB").strip().upper() or "GB"
        if not re.fullmatch(r"[A-Z]{2}", country):
            raise Invalid(_("A country is written with two letters: GB, DE, SA."), pointer="/new_country")
        return CustomerDraft(
            name=get("new_name", "")[:200],
            kind=CustomerKind.COMPANY if get("new_kind") == "company" else CustomerKind.PERSON,
            email=get("new_email", ""),
            phone=get("new_phone", "")[:40],
            language=get("new_language", "en")[:10] or "en",
            address=AddressDraft(
                lines=get("new_lines", "")[:300],
                city=get("new_city", "")[:100],
                postcode=get("new_postcode", "")[:20],
                country=country,
            ),
        )

    def options(self) -> dict[str, Any]:
        """Give what else is agreed, as fields of an OrderDraft."""
        get = self.fields.get
        return {
            "note": get("note", "").strip(),
            "payment_method": get("payment_method", ""),
            "accepts_part_deliveries": None if "whole" not in self.fields else False,
        }
