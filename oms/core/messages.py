"""Mail to customers: rows first, then a station words and sends them."""

from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import timezone, translation

from oms.core import bulk, events
from oms.core.models import Message
from oms.core.models.messages import MessageState


@dataclass(frozen=True)
class Worded:
    """A message as it was sent."""

    subject: str
    body: str


def queue(messages: Iterable[Message]) -> None:
    """Queue `messages` in one statement, in the transaction of what they tell. Sent after the commit by a station."""
    messages = list(messages)
    if not messages:
        return
    now = timezone.now()
    for message in messages:
        message.created_at = now
    bulk.insert_all(messages)
    events.wake("message.queued")


def waiting() -> QuerySet[Message]:
    """Give the messages to send, the oldest first."""
    return Message.objects.filter(state=MessageState.QUEUED).order_by("id")


def worded(message: Message) -> Worded:
    """Word a message in its customer's language from `templates/messages/KIND.txt`: the first line is the subject."""
    context: dict[str, Any] = {**message.data, "public_url": settings.PUBLIC_URL, "company": settings.COMPANY}
    with translation.override(message.language):
        text = render_to_string(f"messages/{message.kind}.txt", context).strip()
    subject, _, body = text.partition("\n")
    return Worded(" ".join(subject.split())[:200], body.strip() + "\n")


def send(message: Message) -> Worded:
    """Word and send one message over SMTP. Raises what the server answers.

    The Message-ID is the row's own, so that a mail sent twice after a time-out is known as one by who receives it.
    """
    text = worded(message)
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition("@")[2] or "localhost"
    mail = EmailMessage(
        subject=text.subject,
        body=text.body,
        to=[message.recipient],
        headers={"Message-ID": f"<message-{message.pk}@{domain}>"},
        connection=get_connection(timeout=settings.EMAIL_TIMEOUT),
    )
    if message.document_id:
        document = message.document
        mail.attach(document.name, bytes(document.content), document.content_type)
    mail.send()
    return text


def note_sent(sent: list[tuple[Message, Worded]]) -> None:
    """Keep what was sent, and when."""
    now = timezone.now()
    for message, text in sent:
        message.state, message.sent_at = MessageState.SENT, now
        message.subject, message.body = text.subject, text.body
    bulk.save_all([message for message, _ in sent], "state", "sent_at", "subject", "body")
