"""Reads an inventory from CSV as portals and spreadsheets write it: any delimiter, any usual encoding, any
size.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from tabworker.adapters.form_columns import find_column, missing_column, records_of_rows
from tabworker.adapters.form_encoding import encoding_of
from tabworker.failures import AdapterMisfit
from tabworker.messages import Record

_DELIMITERS = ",;\t|"
_HEAD_CHARACTERS = 64 * 1024
_ROWS_BEFORE_HEADER = 20
"""Exports like to begin with a title, a date and a blank line."""

_MOST_CELL_CHARACTERS = 1_000_000


@dataclass(frozen=True)
class _Layout:
    """``header_row``: number of rows before it. ``reference_at`` is None when no row names the reference
    column.
    """

    delimiter: str
    header_row: int
    columns: list[str]
    reference_at: int | None


def records_of_csv(path: Path, reference_column: str, source: str) -> Iterator[Record]:
    """The records in their order, streamed. Raises AdapterMisfit, which names ``source``.

    Strict about quotes: a cell whose closing quote is missing would swallow all records after it.
    """
    csv.field_size_limit(_MOST_CELL_CHARACTERS)
    with path.open(encoding=encoding_of(path), errors="replace", newline="") as file:
        layout = _layout_of(_head_of(file), reference_column)
        if layout.reference_at is None:
            raise missing_column(layout.columns, reference_column, source)
        file.seek(0)
        _skip_separator_line(file)
        reader = csv.reader(file, delimiter=layout.delimiter, strict=True)
        rows = islice(reader, layout.header_row + 1, None)
        try:
            yield from records_of_rows(layout.columns, layout.reference_at, rows, source)
        except csv.Error as error:
            raise AdapterMisfit(f"{source} is no sound CSV: line {reader.line_num}: {error}") from error


def _head_of(file: TextIO) -> str:
    """The first characters, whole lines of them when there are more."""
    head = file.read(_HEAD_CHARACTERS)
    return head + file.readline() if len(head) == _HEAD_CHARACTERS else head


def _layout_of(head: str, reference_column: str) -> _Layout:
    """The delimiter and row that yield the reference column; else the widest row, to be shown to people."""
    text = io.StringIO(head, newline="")
    named = _skip_separator_line(text)
    begin = text.tell()
    widest = _Layout(",", 0, [], None)
    for delimiter in named or _DELIMITERS:
        text.seek(begin)
        for number, row in enumerate(_first_rows(text, delimiter)):
            columns = [name.strip().strip("\ufeff") for name in row]
            reference_at = find_column(columns, reference_column)
            if reference_at is not None:
                return _Layout(delimiter, number, columns, reference_at)
            if len(columns) > len(widest.columns):
                widest = _Layout(delimiter, number, columns, None)
    return widest


def _first_rows(text: TextIO, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        rows.extend(islice(csv.reader(text, delimiter=delimiter), _ROWS_BEFORE_HEADER))
    except csv.Error:
        pass  # read with this delimiter it makes no sense; the rows before may still show the header
    return rows


def _skip_separator_line(text: TextIO) -> str:
    """The delimiter that a first line ``sep=;`` names, as Excel writes it; otherwise empty, and nothing is
    skipped.
    """
    begin = text.tell()
    line = text.readline().strip("\ufeff\r\n")
    if line[:4].lower() == "sep=" and len(line) == 5:
        return line[4]
    text.seek(begin)
    return ""
