"""Finds the reference among a table's columns and makes records of its rows, CSV or HTML. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from loguru import logger

from tabworker.failures import AdapterMisfit
from tabworker.messages import Record

MOST_COLUMNS_NAMED = 40

LINK = "{link}"
"""The field that holds the first link of a record's row; in braces, as no column is."""

_TEXT_FORMULA = re.compile(r'="([^"]*)"')


def folded(name: str) -> str:
    """A column's name as it is compared: case, width, white space and invisible marks make no difference."""
    visible = "".join(
        char for char in unicodedata.normalize("NFKC", name) if unicodedata.category(char) != "Cf"
    )
    return " ".join(visible.split()).casefold()


def find_column(columns: Sequence[str], wanted: str) -> int | None:
    """Its index: the exact name if there is one, else the first that differs only as ``folded`` ignores."""
    if wanted in columns:
        return columns.index(wanted)
    return next((index for index, name in enumerate(columns) if folded(name) == folded(wanted)), None)


def missing_column(
    columns: Sequence[str], wanted: str, source: str, first_row: Sequence[str] = ()
) -> AdapterMisfit:
    """``first_row``: what stands below the names, for columns whose names are numbers that nobody knows."""
    shown = [repr(name[:80]) for name in columns[:MOST_COLUMNS_NAMED]]
    for index, cell in enumerate(first_row[: len(shown)]):
        shown[index] += f" (in the first row {cell[:80]!r})"
    names = ", ".join(shown) or "none"
    more = f" and {len(columns) - MOST_COLUMNS_NAMED} more" if len(columns) > MOST_COLUMNS_NAMED else ""
    return AdapterMisfit(
        f"[portal] reference_column = {wanted} is not among the columns of {source}: {names}{more}"
    )


def records_of_rows(
    columns: Sequence[str], reference_at: int, rows: Iterable[Sequence[str]], source: str
) -> Iterator[Record]:
    """A record for each row with a reference, in order. Rows without one (totals) are counted and told.

    Cells are kept as they are: two references may differ in nothing but a space.
    """
    skipped = 0
    for row in rows:
        ref = plain_text(row[reference_at]) if reference_at < len(row) else ""
        if ref.strip():
            yield Record(ref, _fields(columns, row))
        elif any(cell.strip() for cell in row):
            skipped += 1
    if skipped:
        logger.bind(event="rows_without_reference").warning(
            "{} rows of {} have no reference and were left out", skipped, source
        )


def plain_text(cell: str) -> str:
    """``="007"``, by which exports keep a spreadsheet from seeing a number, is 007; other formulas stay."""
    formula = _TEXT_FORMULA.fullmatch(cell.strip())
    return formula.group(1) if formula else cell


def _fields(columns: Sequence[str], row: Sequence[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, cell in zip(columns, row, strict=False):
        if name:
            fields.setdefault(name, plain_text(cell))  # of two columns with one name the first counts
    return fields
