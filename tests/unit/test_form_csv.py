"""Inventories in CSV as portals, spreadsheets and people write them."""

import codecs
import csv
import tracemalloc
from pathlib import Path

import pytest
from loguru import logger

from demo_portal.hostile import HOSTILE_REFS
from tabworker.adapters.form_csv import records_of_csv
from tabworker.adapters.form_encoding import encoding_of
from tabworker.failures import AdapterMisfit
from tabworker.messages import Record

ROWS = [
    Record("V-1", {"Reference": "V-1", "Colour": "röd"}),
    Record("V-2", {"Reference": "V-2", "Colour": "łosoś"}),
]
TEXT = "Reference,Colour\r\nV-1,röd\r\nV-2,łosoś\r\n"


def records(
    folder: Path, text: str | bytes, column: str = "Reference", encoding: str = "utf-8"
) -> list[Record]:
    path = folder / "inventory.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return list(records_of_csv(path, column, "the export"))


def refs(folder: Path, text: str | bytes, column: str = "Reference", encoding: str = "utf-8") -> list[str]:
    return [record.ref for record in records(folder, text, column, encoding)]


def warnings_of(folder: Path, text: str) -> list[str]:
    said: list[str] = []
    sink = logger.add(said.append, level="WARNING", format="{message}")
    try:
        refs(folder, text)
    finally:
        logger.remove(sink)
    return said


# --- encodings ---


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("utf-32-le", codecs.BOM_UTF32_LE),
        ("utf-32-be", codecs.BOM_UTF32_BE),
    ],
)
def test_csv_is_read_when_encoded_in_unicode(tmp_path: Path, encoding: str, mark: bytes) -> None:
    assert records(tmp_path, mark + TEXT.encode(encoding)) == ROWS


def test_csv_is_read_when_encoded_as_windows_does(tmp_path: Path) -> None:
    (record,) = records(tmp_path, "Reference,Colour\nV-1,gelbgrün – matt €\n", encoding="cp1252")
    assert record.fields["Colour"] == "gelbgrün – matt €"


def test_encoding_is_windows_when_the_first_odd_byte_comes_after_many_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "inventory.csv"
    path.write_bytes(b"Reference\n" + b"V-1\n" * 700_000 + b"gr\xfcn\n")
    assert encoding_of(path) == "cp1252"


def test_encoding_is_utf_8_when_a_letter_lies_across_two_blocks(tmp_path: Path) -> None:
    path = tmp_path / "inventory.csv"
    path.write_bytes(b"x" * ((1 << 20) - 1) + "ü".encode() + b"x")
    assert encoding_of(path) == "utf-8"


def test_encoding_is_windows_when_the_last_letter_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "inventory.csv"
    path.write_bytes(b"Reference\nV-\xc3")
    assert encoding_of(path) == "cp1252"


# --- layouts ---


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_is_read_when_delimited_otherwise(tmp_path: Path, delimiter: str) -> None:
    assert records(tmp_path, TEXT.replace(",", delimiter)) == ROWS


def test_delimiter_is_found_when_headings_hold_another_one(tmp_path: Path) -> None:
    text = '"Name, first";"City, street, number";Reference\n"A, B";"C, D, E";V-1\n'
    (record,) = records(tmp_path, text)
    assert record == Record(
        "V-1", {"Name, first": "A, B", "City, street, number": "C, D, E", "Reference": "V-1"}
    )


def test_delimiter_is_taken_from_the_line_by_which_excel_names_it(tmp_path: Path) -> None:
    assert records(tmp_path, codecs.BOM_UTF8 + b"sep=^\r\n" + TEXT.replace(",", "^").encode()) == ROWS


def test_header_is_found_when_a_title_stands_above_it(tmp_path: Path) -> None:
    assert records(tmp_path, 'Fleet report,"23 Nov, 2026"\r\n\r\nfor the\r\n' + TEXT) == ROWS


def test_only_column_is_enough(tmp_path: Path) -> None:
    assert refs(tmp_path, "Reference\nV-1\nV-2") == ["V-1", "V-2"]


@pytest.mark.parametrize("column", ["reference", "REFERENCE", " Reference ", "Reference"])
def test_reference_column_is_found_when_spelt_a_little_differently(tmp_path: Path, column: str) -> None:
    assert refs(tmp_path, TEXT, column) == ["V-1", "V-2"]


@pytest.mark.parametrize(
    "heading", ["Vehicle reference", "VEHICLE\u00a0REFERENCE", '"Vehicle\nreference"', " Vehicle  reference"]
)
def test_heading_is_matched_whatever_its_white_space(tmp_path: Path, heading: str) -> None:
    assert refs(tmp_path, f"Make,{heading}\nSaab,V-1\n", "Vehicle reference") == ["V-1"]


def test_exact_column_wins_when_two_look_alike(tmp_path: Path) -> None:
    assert refs(tmp_path, "REF,Ref\nwrong,right\n", "Ref") == ["right"]


def test_first_of_two_columns_with_one_name_counts(tmp_path: Path) -> None:
    assert records(tmp_path, "Reference,Date,Date\nV-1,first,second\n") == [
        Record("V-1", {"Reference": "V-1", "Date": "first"})
    ]


# --- cells ---


def test_cells_keep_delimiters_quotes_and_line_breaks_when_quoted(tmp_path: Path) -> None:
    (record, other) = records(tmp_path, 'Reference,Note\r\n"V,""1""\r\nb","two\r\nlines"\r\nV-2,plain\r\n')
    assert record == Record('V,"1"\r\nb', {"Reference": 'V,"1"\r\nb', "Note": "two\r\nlines"})
    assert other.ref == "V-2"


def test_formula_stays_text(tmp_path: Path) -> None:
    assert refs(tmp_path, "Reference\n=cmd|'/C calc'!A0\n@import\n+1\n") == [
        "=cmd|'/C calc'!A0",
        "@import",
        "+1",
    ]


@pytest.mark.parametrize("cell", ['="007"', '"=""007"""'])
def test_number_kept_as_text_by_a_formula_is_the_number(tmp_path: Path, cell: str) -> None:
    assert refs(tmp_path, f"Reference\n{cell}\n") == ["007"]


def test_spaces_in_a_reference_are_kept(tmp_path: Path) -> None:
    assert refs(tmp_path, 'Reference\nV-1\n"V-1 "\n') == ["V-1", "V-1 "]


def test_hostile_references_come_out_as_they_went_in(tmp_path: Path) -> None:
    path = tmp_path / "inventory.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([["Make", "Reference"], *(["x", ref] for ref in HOSTILE_REFS)])
    assert tuple(record.ref for record in records_of_csv(path, "Reference", "it")) == HOSTILE_REFS


def test_row_is_read_when_it_has_fewer_or_more_cells_than_the_header(tmp_path: Path) -> None:
    first, second = records(tmp_path, "Reference,Make,Model\nV-1,Saab\nV-2,Saab,900,extra\n")
    assert first.fields == {"Reference": "V-1", "Make": "Saab"}
    assert second.fields == {"Reference": "V-2", "Make": "Saab", "Model": "900"}


def test_duplicates_come_as_often_as_they_are_listed(tmp_path: Path) -> None:
    # Whoever lists drops them, for every adapter alike (tabworker.duties).
    assert refs(tmp_path, "Reference\nV-1\nV-2\nV-1\n") == ["V-1", "V-2", "V-1"]


def test_rows_without_a_reference_are_left_out_and_counted_once(tmp_path: Path) -> None:
    text = "Make,Reference\nSaab,V-1\n\n,\nVolvo,  \nTotal: 2\nVolvo,V-2\n"
    assert refs(tmp_path, text) == ["V-1", "V-2"]
    (said,) = warnings_of(tmp_path, text)
    assert said.startswith("2 rows of the export have no reference")


def test_blank_lines_are_not_worth_a_warning(tmp_path: Path) -> None:
    assert warnings_of(tmp_path, "Make,Reference\n\nSaab,V-1\n,\n\n") == []


def test_inventory_is_empty_when_only_the_header_stands_there(tmp_path: Path) -> None:
    assert refs(tmp_path, "Reference,Make\n") == []


# --- refusals ---


def test_refusal_names_the_columns_when_the_reference_is_not_among_them(tmp_path: Path) -> None:
    with pytest.raises(AdapterMisfit) as caught:
        refs(tmp_path, "Report\nMake;VIN;Colour\nSaab;1;red\n")
    assert str(caught.value) == (
        "[portal] reference_column = Reference is not among the columns of the export: "
        "'Make', 'VIN', 'Colour'"
    )


def test_refusal_stays_short_when_there_are_hundreds_of_columns(tmp_path: Path) -> None:
    with pytest.raises(AdapterMisfit) as caught:
        refs(tmp_path, ",".join(f"column {n}" + "x" * 500 for n in range(500)))
    assert str(caught.value).endswith("and 460 more")
    assert len(str(caught.value)) < 5000


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b"\0" * 5000, b"\xff" * 5000]
)
def test_file_is_refused_when_it_holds_no_table(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(AdapterMisfit, match="is not among the columns"):
        refs(tmp_path, data)


def test_file_is_refused_when_a_quote_is_never_closed(tmp_path: Path) -> None:
    # A lenient reader would take V-2 to V-4 for the end of one cell: three records would be missing.
    with pytest.raises(AdapterMisfit, match="no sound CSV"):
        refs(tmp_path, 'Reference,Note\nV-1,"no end\nV-2,x\nV-3,x\nV-4,x\n')


def test_file_is_refused_when_a_cell_is_larger_than_memory_should_bear(tmp_path: Path) -> None:
    with pytest.raises(AdapterMisfit, match="line 3: field larger"):
        refs(tmp_path, "Reference,Note\nV-1,x\nV-2," + "x" * 1_100_000 + "\n")


# --- size ---


def test_hundred_thousand_rows_are_streamed(tmp_path: Path) -> None:
    path = tmp_path / "inventory.csv"
    with path.open("w", newline="") as file:
        file.write("Reference,Note\r\n")
        file.writelines(f"V-{number},{'x' * 100}\r\n" for number in range(100_000))
    tracemalloc.start()
    try:
        count = sum(1 for _ in records_of_csv(path, "Reference", "the export"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 100_000
    assert peak < path.stat().st_size / 2
