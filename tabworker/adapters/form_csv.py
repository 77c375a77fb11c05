"""Reads an inventory from CSV as portals and spreadsheets write it: any delimiter, any usual encoding. Pure."""

import csv
import io
from collections.abc import Iterator

from loguru import logger

from tabworker.failures import AdapterMisfit
from tabworker.messages import Record

_DELIMITERS = ",;\t|"
_MOST_FIELD_CHARACTERS = 1_000_000


def decode(data: bytes) -> str:
    """By the byte order mark; without one UTF-8, and what is no UTF-8 is Windows-1252, as Excel writes it."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def records_of_csv(data: bytes, reference_column: str, source: str) -> Iterator[Record]:
    """The records in their order; rows without a reference are skipped. Raises AdapterMisfit, naming ``source``."""
    text = decode(data)
    csv.field_size_limit(_MOST_FIELD_CHARACTERS)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, reference_column))
    try:
        header = [name.strip() for name in next(rows, [])]
        at = reference_index(header, reference_column, source)
        for row in rows:
            record = record_of_row(header, row, at)
            if record is not None:
                yield record
            elif any(cell.strip() for cell in row):
                logger.bind(event="row_without_reference").warning(
                    "line {} of {} has no reference", rows.line_num, source
                )
    except csv.Error as error:
        raise AdapterMisfit(f"{source} is no CSV: line {rows.line_num}: {error}") from error


def reference_index(header: list[str], reference_column: str, source: str) -> int:
    """Where the reference stands. Raises AdapterMisfit with the columns that are there."""
    wanted = reference_column.strip().casefold()
    for index, name in enumerate(header):
        if name.casefold() == wanted:
            return index
    columns = ", ".join(repr(name[:80]) for name in header[:40]) or "none"
    raise AdapterMisfit(
        f"[portal] reference_column = {reference_column} is not among the columns of {source}, which are: {columns}"
    )


def record_of_row(header: list[str], row: list[str], reference_at: int) -> Record | None:
    """None when the row has no reference. Of columns with the same name the first one counts."""
    if reference_at >= len(row) or not row[reference_at].strip():
        return None
    fields: dict[str, str] = {}
    for name, cell in zip(header, row, strict=False):
        if name:
            fields.setdefault(name, cell)
    return Record(row[reference_at].strip(), fields)


def _delimiter(text: str, reference_column: str) -> str:
    """The one that yields the reference column; else the one that yields the most columns."""

    def header(delimiter: str) -> list[str]:
        return [
            name.strip().casefold()
            for name in next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
        ]

    headers = {delimiter: header(delimiter) for delimiter in _DELIMITERS}
    wanted = reference_column.strip().casefold()
    return max(_DELIMITERS, key=lambda delimiter: (wanted in headers[delimiter], len(headers[delimiter])))
