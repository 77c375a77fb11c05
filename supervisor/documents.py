"""Names for documents, and the only way by which a file gets such a name.

A name comes from the record's reference alone, made safe for every file system; nothing a portal sends is
ever used as a path. A staged file is synced, renamed into place and the directory synced *before* the
ledger says ``done``: after a power cut there may be a file too many, never one too few.
"""

import hashlib
import os
import re
import unicodedata
from pathlib import Path

from supervisor.work_dir import sync_directory

_MAX_STEM_BYTES = 120
"""File systems allow 255 bytes (encrypted ones about 140); the rest is for a mark and the suffix."""

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\s]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$", re.IGNORECASE)


def document_name(ref: str) -> str:
    """The file name for a reference: itself where it is safe, else made safe and marked with a hash of the
    original.

    The mark keeps names unique: two references that differ only in what was replaced do not meet.
    """
    normal = unicodedata.normalize("NFC", ref)
    stem = _UNSAFE.sub("_", normal)
    stem = "".join(c for c in stem if unicodedata.category(c)[0] != "C").strip(". _")
    stem = stem.encode()[:_MAX_STEM_BYTES].decode("utf-8", "ignore")
    if stem and stem == ref and not _RESERVED.match(stem):
        return f"{stem}.pdf"
    return marked_name(ref, stem)


def marked_name(ref: str, stem: str) -> str:
    """A name that no other reference can have, whatever the file system thinks of case."""
    mark = hashlib.sha256(ref.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    if not stem or _RESERVED.match(stem):
        stem = f"_{stem}" if stem else "document"
    return f"{stem}~{mark}.pdf"


class NameBook:
    """The names that are taken, so that references which differ only in case get two files on every file
    system.
    """

    def __init__(self, taken: dict[str, str]) -> None:
        """``taken``: file name → reference of the documents that are there already."""
        self._owner = {name.casefold(): ref for name, ref in taken.items()}

    def name_for(self, ref: str) -> str:
        name = document_name(ref)
        # More than one turn when somebody made references that look like marked names.
        while self._owner.setdefault(name.casefold(), ref) != ref:
            name = marked_name(ref, name.removesuffix(".pdf"))
        return name


def put_in_place(staged: Path, final: Path) -> None:
    """Make ``staged`` durable under its final name. Raises OSError; then no file of that name is half
    there.
    """
    fd = os.open(staged, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
    staged.replace(final)
    sync_directory(final.parent)
