"""Keeping files as they were sent."""

import hashlib
from collections.abc import Sequence

from oms.core import bulk
from oms.core.models import Document


def keep(files: Sequence[tuple[str, str, str, bytes]]) -> Sequence[Document]:
    """Keep `files`, each (kind, name, content type, content), with their SHA-256. One statement. Never changed afterwards."""
    return bulk.insert_all(
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
