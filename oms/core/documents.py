"""Keeping files as they were sent."""

import hashlib
from collections.abc import Sequence

from oms.core.models import Document


def keep(files: Sequence[tuple[str, str, str, bytes]]) -> list[Document]:
    """Keep `files`, each (kind, name, content type, content), with their SHA-256. One statement. Never changed afterwards."""
    return Document.objects.bulk_create(
        [
            Document(
                kind=kind,
                name=name,
                content_type=content_type,
                content=content,
                sha256=hashlib.sha256(content).hexdigest(),
            )
            for kind, name, content_type, content in files
        ]
    )
