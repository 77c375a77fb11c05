"""Reads an inventory from a workbook (xlsx), row by row: the first sheet that has the reference column.

By openpyxl. python-calamine is faster and was tried: one cell in the last corner of a sheet makes it ask for
512 GB, and its process is gone.
"""

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from tabworker.adapters.form_columns import find_column, missing_column, records_of_rows
from tabworker.failures import AdapterMisfit
from tabworker.messages import Record

_ZIP = b"PK\x03\x04"
_OLD_XLS = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MOST_BYTES = 64 * 1024 * 1024
_MOST_UNPACKED_BYTES = 256 * 1024 * 1024
"""Texts are unpacked into memory, and a small file can be made that fills any."""

_ROWS_BEFORE_HEADER = 20
_UNSOUND = (
    InvalidFileException, zipfile.BadZipFile, zlib.error, ParseError, EOFError, OSError,
    KeyError, ValueError, TypeError, AttributeError, IndexError, NotImplementedError,
)  # fmt: skip
"""What openpyxl and what it stands on raise over files that are damaged, locked or made with intent."""


def is_workbook(path: Path) -> bool:
    """By its first bytes, with which no text begins."""
    with path.open("rb") as file:
        return file.read(8).startswith((_ZIP, _OLD_XLS))


def records_of_workbook(path: Path, reference_column: str, source: str) -> Iterator[Record]:
    """The records in their order, streamed. Raises AdapterMisfit, which names ``source``."""
    try:
        _check_size(path)
        with path.open("rb") as file:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of styles and the like, which do not concern us
                workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            sheet, header_row, columns, reference_at = _find_sheet(workbook, reference_column)
            if reference_at is None:
                raise missing_column(columns, reference_column, source)
            rows = islice(_rows(sheet), header_row + 1, None)
            yield from records_of_rows(columns, reference_at, rows, f"sheet {sheet.title!r} of {source}")
    except _UNSOUND as error:
        raise AdapterMisfit(
            f"{source} is no sound workbook ({type(error).__name__}: {str(error)[:200]}): "
            "save it as xlsx or CSV"
        ) from error


def _check_size(path: Path) -> None:
    """Raises ValueError or BadZipFile."""
    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise ValueError(f"it has {size / 2**20:.0f} MB, more than {_MOST_BYTES // 2**20}")
    if not zipfile.is_zipfile(path):
        raise ValueError("it is an old or a locked one")
    with zipfile.ZipFile(path) as packed:
        unpacked = sum(entry.file_size for entry in packed.infolist())
    if unpacked > _MOST_UNPACKED_BYTES:
        raise ValueError(
            f"it unpacks to {unpacked / 2**20:.0f} MB, more than {_MOST_UNPACKED_BYTES // 2**20}"
        )


def _find_sheet(workbook: Any, reference_column: str) -> tuple[Any, int, list[str], int | None]:
    """Sheet, rows before its header, columns, which of them; else the widest row, to be shown to people."""
    widest: list[str] = []
    for sheet in workbook.worksheets:
        sheet.reset_dimensions()  # what a file says of its own size is often wrong
        for number, columns in enumerate(islice(_rows(sheet), _ROWS_BEFORE_HEADER)):
            reference_at = find_column(columns, reference_column)
            if reference_at is not None:
                return sheet, number, columns, reference_at
            widest = max(widest, [name for name in columns if name], key=len)
    return None, 0, widest, None


def _rows(sheet: Any) -> Iterator[list[str]]:
    for row in sheet.iter_rows():
        yield [_text(cell) for cell in row]


def _text(cell: Any) -> str:
    """About as the sheet shows it: a number that is formatted as 00000 keeps its zeros."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float) and float(value).is_integer() and abs(value) < 2**53:
        zeros = re.fullmatch("0+", cell.number_format)
        return str(int(value)).zfill(len(zeros.group()) if zeros else 1)
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date | time) else str(value).strip()
