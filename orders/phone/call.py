"""What a clerk has entered so far, read from the form as it stands or from the draft it was saved in: nothing typed is ever lost."""

import re
import uuid
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from itertools import zip_longest
from typing import Any, ClassVar, Self

from django.http import QueryDict
from django.utils.translation import gettext as _

from customers.services import AddressDraft, CustomerDraft, checked_country
from customers.states import CustomerKind
from oms.core.cards import refuse_card_numbers
from oms.core.errors import BusinessError, Invalid
from orders.drafts import Seen
from orders.models import Draft
from orders.models.drafts import basket_of
from orders.phone.reading import MOST_ROWS
from orders.placing import LineDraft

# What is kept of the form beside its lines, and how much of it.
FIELDS = {
    "caller": 200, "new_name": 200, "new_kind": 10, "new_phone": 40, "new_email": 254, "new_language": 10, "new_lines": 300, "new_city": 100,
    "new_postcode": 20, "new_country": 60, "payment_method": 20, "payment_reference": 100, "link_by": 10, "codes": 300, "ship_to": 18, "delivery": 20,
    "note": 2000, "whole": 1,
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A line as typed: quantities stay text until they are asked to be numbers. `discount`: per cent; `was`: what a unit last cost them."""

    sku: str
    quantity: str
    discount: str = ""
    was: str = ""

    def draft(self, position: int) -> LineDraft:
        text = self.quantity.strip()
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise Invalid(_("The quantity of %(sku)s is a whole number.") % {"sku": self.sku}, pointer=f"/lines/{position}/quantity")
        return LineDraft(self.sku, int(text), discount_percent=self._percent(position))

    def _percent(self, position: int) -> Decimal | None:
        text = self.discount.strip().removesuffix("%").strip().replace(",", ".")
        if not text:
            return None
        if not re.fullmatch(r"\d{1,2}(\.\d{1,2})?", text):
            raise Invalid(_("A discount is per cent: 7.5, and less than 100."), pointer=f"/lines/{position}/discount")
        return Decimal(text) or None


@dataclass(frozen=True)
class Unmatched:
    """A line that means no SKU yet, or several."""

    text: str
    quantity: str


@dataclass
class Call:
    """A call as far as it has come. `key`: its draft's; `seen`: what the page knows of that; `kept`: the fields beside its lines."""

    kept: ClassVar[dict[str, int]] = FIELDS

    key: uuid.UUID
    seen: Seen
    customer: str = ""
    rows: list[Row] = field(default_factory=list)
    unmatched: list[Unmatched] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    error: BusinessError | None = None
    offering: str = ""

    @classmethod
    def new(cls) -> Self:
        return cls(uuid.uuid4(), Seen(0, _token()))

    @classmethod
    def of(cls, key: uuid.UUID, data: QueryDict) -> Self:
        """Read the form. Rows that were emptied are gone."""
        version = data.get("version", "")
        return cls(
            key,
            Seen(int(version) if version.isascii() and version.isdigit() and len(version) < 9 else 0, data.get("page", "")[:32]),
            customer=_clean(data.get("customer", ""), 20),
            rows=_rows(data),
            unmatched=_unmatched(data),
            fields={name: _clean(data.get(name, ""), most) for name, most in cls.kept.items() if name in data},
            offering=data.get("offering", "")[:20],
        )

    @classmethod
    def taken_up(cls, draft: Draft) -> Self:
        """Go on with what was saved, on a page of its own."""
        typed = draft.typed
        return cls(
            draft.key,
            Seen(draft.version, _token()),
            customer=draft.customer.number if draft.customer else "",
            rows=[Row(**line) for line in typed.get("lines", [])],
            unmatched=[Unmatched(line["text"], line["quantity"]) for line in typed.get("unmatched", [])],
            fields=typed.get("fields", {}),
        )

    def go_on_here(self) -> None:
        """Have the page that is about to be shown save under a token of its own."""
        self.seen = Seen(self.seen.version, _token())

    def typed(self) -> dict[str, Any]:
        """Give what a draft keeps of it."""
        return {
            "fields": self.fields,
            "lines": [{name: text for name, text in asdict(row).items() if text} for row in self.rows],
            "unmatched": [{"text": row.text, "quantity": row.quantity} for row in self.unmatched],
        }

    def forget_card_numbers(self) -> None:
        """Drop every text in which somebody wrote a card number, and say so: it is neither saved nor shown again."""
        self.fields = {name: text for name, text in self.fields.items() if self._is_harmless(name, text)}
        self.unmatched = [row for row in self.unmatched if self._is_harmless("unmatched", row.text)]
        self.rows = [row for row in self.rows if self._is_harmless("sku", "\n".join(asdict(row).values()))]

    def _is_harmless(self, name: str, text: str) -> bool:
        try:
            refuse_card_numbers({name: text})
        except Invalid as refusal:
            self.error = refusal
            return False
        return True

    def add(self, code: str, quantity: int, *, discount: str = "", was: str = "") -> None:
        """Add so many of a SKU: the same one again is one line with more of it."""
        for position, row in enumerate(self.rows):
            if row.sku.upper() == code and row.quantity.strip().isdigit():
                self.rows[position] = replace(row, quantity=str(int(row.quantity) + quantity), discount=discount or row.discount)
                return
        if len(self.rows) >= MOST_ROWS:
            self.error = Invalid(_("An order has at most %(most)d lines: split it.") % {"most": MOST_ROWS}, pointer="/entry")
            return
        self.rows.append(Row(code, str(quantity), discount, was))

    @property
    def basket(self) -> str:
        """What the call's stock is held under."""
        return basket_of(self.key)

    @property
    def drafts(self) -> list[LineDraft]:
        return [row.draft(position) for position, row in enumerate(self.rows)]

    @property
    def codes(self) -> list[str]:
        """Give the promotion codes that were typed."""
        return [code for code in re.split(r"[\s,;]+", self.fields.get("codes", "").upper()) if code]

    @property
    def is_new_customer(self) -> bool:
        return not self.customer and bool(self.fields.get("new_name", "").strip())

    def customer_draft(self) -> CustomerDraft:
        """Give the customer to register. Raises Invalid where the address is missing."""
        get = self.fields.get
        if not get("new_lines", "").strip() or not get("new_city", "").strip():
            raise Invalid(_("A new customer needs an address: street and town."), pointer="/new_lines")
        country = checked_country(get("new_country", "").strip() or "GB", pointer="/new_country")
        return CustomerDraft(
            name=get("new_name", ""),
            kind=CustomerKind.COMPANY if get("new_kind") == "company" else CustomerKind.PERSON,
            email=get("new_email", ""),
            phone=get("new_phone", ""),
            language=get("new_language", "en") or "en",
            address=AddressDraft(lines=get("new_lines", ""), city=get("new_city", ""), postcode=get("new_postcode", ""), country=country),
        )

    @property
    def delivery(self) -> str:
        """The code of the way of delivery that was chosen; empty where none was."""
        return self.fields.get("delivery", "") if self.rows else ""

    def options(self) -> dict[str, Any]:
        """Give what else is agreed, as fields of an OrderDraft."""
        get = self.fields.get
        return {
            "note": get("note", "").strip(),
            "payment_method": get("payment_method", ""),
            "payment_reference": get("payment_reference", "").strip(),
            "codes": self.codes,
            "accepts_part_deliveries": None if "whole" not in self.fields else False,
        }


def _token() -> str:
    return uuid.uuid4().hex


def _clean(text: str, most: int) -> str:
    return text.replace("\x00", "")[:most]


def _rows(data: QueryDict) -> list[Row]:
    """Read the lines. One that was emptied, or of which nothing is wanted, is gone."""
    columns = [data.getlist(name) for name in ("sku", "quantity", "discount", "was")]
    rows = [
        Row(_clean(sku, 60).strip(), _clean(quantity, 12), _clean(discount, 8).strip(), _clean(was, 20))
        for sku, quantity, discount, was in zip_longest(*columns, fillvalue="")
        if sku.strip() and quantity.strip() not in ("", "0")
    ]
    return rows[:MOST_ROWS]


def _unmatched(data: QueryDict) -> list[Unmatched]:
    """Read what means no SKU yet; what was chosen for a line stands in its place."""
    columns = [data.getlist(name) for name in ("unmatched", "unmatched_quantity", "meant")]
    rows = [
        Unmatched(_clean(chosen or text, 200).strip(), _clean(quantity, 12))
        for text, quantity, chosen in zip_longest(*columns, fillvalue="")
        if text.strip() and quantity.strip() not in ("", "0")
    ]
    return rows[:MOST_ROWS]
