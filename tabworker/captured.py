"""The bytes of a document, lying in a file, and what the portal said about them."""

from collections.abc import Mapping
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


def content_length(headers: Mapping[str, str]) -> int | None:
    """The size that the body must have; None when the header tells a compressed size or nothing."""
    text = headers.get("content-length", "")
    encoded = headers.get("content-encoding", "identity") not in ("", "identity")
    return int(text) if text.isascii() and text.isdigit() and not encoded else None
