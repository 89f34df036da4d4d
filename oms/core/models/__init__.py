from oms.core.models.documents import Document
from oms.core.models.events import Event
from oms.core.models.idempotency import StoredResponse
from oms.core.models.messages import Message
from oms.core.models.numbering import NumberSeries
from oms.core.models.people import User
from oms.core.models.work import Lease, Proof, Trouble

__all__ = [
    "Document",
    "Event",
    "Lease",
    "Message",
    "NumberSeries",
    "Proof",
    "StoredResponse",
    "Trouble",
    "User",
]
