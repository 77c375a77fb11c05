"""Inventories in files other than CSV: workbooks, and a reference a line."""

import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from tabworker.adapters import form_workbook
from tabworker.adapters.form_file import records_of_file
from tabworker.failures import AdapterMisfit
from tabworker.messages import Record


def records(path: Path, column: str = "Reference") -> list[Record]:
    return list(records_of_file(path, column, path.name))


def workbook(path: Path, *rows: list[object], formats: dict[str, str] | None = None) -> Path:
    book = Workbook()
    cover = book.active
    assert cover is not None
    cover.append(["Read me"])
    sheet = book.create_sheet("Data")
    for row in rows:
        sheet.append(row)
    for cell, form in (formats or {}).items():
        sheet[cell].number_format = form
    book.save(path)
    return path


def test_workbook_is_read_as_its_sheet_shows_it(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "cars.xlsx",
        ["Cars of 2026"],
        [],
        ["Make", "reference ", "Year", "Sold"],
        ["Saab", "V-1", 1987, True],
        ["Volvo", 42, 2.5, datetime.fromisoformat("2026-03-01")],
        ["Total", None, 2],
        ["Fiat", 43.0, None, datetime.fromisoformat("2026-03-01T12:30")],
        formats={"B5": "00000"},
    )
    assert records(path) == [
        Record("V-1", {"Make": "Saab", "reference": "V-1", "Year": "1987", "Sold": "true"}),
        Record("00042", {"Make": "Volvo", "reference": "00042", "Year": "2.5", "Sold": "2026-03-01"}),
        Record("43", {"Make": "Fiat", "reference": "43", "Year": "", "Sold": "2026-03-01T12:30:00"}),
    ]


def test_workbook_is_known_by_its_bytes_when_the_portal_calls_it_csv(tmp_path: Path) -> None:
    path = workbook(tmp_path / "export.csv", ["Reference"], ["V-1"])
    assert records(path) == [Record("V-1", {"Reference": "V-1"})]


def test_workbook_is_refused_when_no_sheet_has_the_column(tmp_path: Path) -> None:
    path = workbook(tmp_path / "cars.xlsx", ["Make", "VIN"], ["Saab", "1"])
    with pytest.raises(
        AdapterMisfit, match=r"Reference is not among the columns of cars\.xlsx: 'Make', 'VIN'"
    ):
        records(path)


def test_workbook_costs_little_when_its_last_cell_is_far_away(tmp_path: Path) -> None:
    path = workbook(tmp_path / "cars.xlsx", ["Reference"], ["V-1"])
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    far = b'<row r="200000"><c r="XFD200000"><v>1</v></c></row></sheetData>'
    parts["xl/worksheets/sheet2.xml"] = parts["xl/worksheets/sheet2.xml"].replace(b"</sheetData>", far)
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in parts.items():
            packed.writestr(name, data)
    assert [record.ref for record in records(path)] == ["V-1"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04 and nothing that follows", "an old or a locked one"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "an old or a locked one"),
    ],
)
def test_workbook_is_refused_when_it_is_not_sound(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "cars.xlsx"
    path.write_bytes(content)
    with pytest.raises(AdapterMisfit, match=rf"cars\.xlsx is no sound workbook .*{reason}.*: save it as"):
        records(path)


def test_workbook_is_refused_when_parts_are_missing_or_damaged(tmp_path: Path) -> None:
    path = workbook(tmp_path / "cars.xlsx", ["Reference"], ["V-1"])
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    for name in parts:
        for damaged in (None, b"", b"<a", parts[name][: len(parts[name]) // 2]):
            with zipfile.ZipFile(path, "w") as packed:
                for other, data in parts.items():
                    if other != name or damaged is not None:
                        packed.writestr(other, data if other != name or damaged is None else damaged)
            try:
                read = [record.ref for record in records(path)]
            except AdapterMisfit:
                continue  # anything else would be a bug of ours
            assert read in (["V-1"], [])


def test_workbook_is_refused_when_it_would_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workbook(tmp_path / "cars.xlsx", ["Reference"], ["V-1"])
    monkeypatch.setattr(form_workbook, "_MOST_UNPACKED_BYTES", 1000)
    with pytest.raises(AdapterMisfit, match=r"unpacks to .* MB, more than"):
        records(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_is_a_reference_a_line(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "refs.txt"
    path.write_bytes("# mine\r\nV-1\r\n\r\n  Käfer 2 \r\nV;3,x".encode(encoding))
    assert records(path) == [Record("V-1"), Record("Käfer 2"), Record("V;3,x")]


def test_text_is_refused_when_it_is_something_else(tmp_path: Path) -> None:
    path = tmp_path / "refs.txt"
    path.write_text("V-1\n" + "x" * 20_000)
    with pytest.raises(AdapterMisfit, match=r"refs\.txt line 2 has 20000 characters"):
        records(path)
