"""Reads an inventory from a file, the portal's export or the user's own: workbook, text or CSV."""

from collections.abc import Iterator
from pathlib import Path

from tabworker.adapters.form_csv import records_of_csv
from tabworker.adapters.form_encoding import encoding_of
from tabworker.adapters.form_workbook import is_workbook, records_of_workbook
from tabworker.failures import AdapterMisfit
from tabworker.messages import Record

_TEXT_SUFFIXES = {".txt", ".text", ".lst"}
_MOST_LINE_CHARACTERS = 10_000


def records_of_file(path: Path, reference_column: str, source: str) -> Iterator[Record]:
    """What it is shows in its first bytes, and only between text and CSV the name decides.

    Raises AdapterMisfit, which names ``source``, or OSError.
    """
    if is_workbook(path):
        return records_of_workbook(path, reference_column, source)
    if path.suffix.lower() in _TEXT_SUFFIXES:
        return _records_of_text(path, source)
    return records_of_csv(path, reference_column, source)


def _records_of_text(path: Path, source: str) -> Iterator[Record]:
    """A reference a line; blank lines, and lines that begin with #, are left out."""
    with path.open(encoding=encoding_of(path), errors="replace") as file:
        for number, line in enumerate(file, start=1):
            ref = line.strip().strip("\ufeff")
            if len(ref) > _MOST_LINE_CHARACTERS:
                raise AdapterMisfit(
                    f"{source} line {number} has {len(ref)} characters: no reference is so long"
                )
            if ref and not ref.startswith("#"):
                yield Record(ref)
