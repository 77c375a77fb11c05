"""The bytes of a document, lying in a file, and what the portal said about them."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Captured:
    """Not yet verified. ``status``, ``content_type`` and ``content_length`` are None where nobody said them.

    ``content_length`` is the number of bytes that ``path`` must have: None as well when the transfer was
    compressed.
    """

    path: Path
    source_url: str
    status: int | None = None
    content_type: str | None = None
    content_length: int | None = None
