"""Finding a reference in text as PDFs spell it, and not finding one that is not there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabworker.reference_text import names_reference, searchable


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("Report V-0001 of today", "V-0001"),
        ("Report V\u20130001", "V-0001"),
        ("Report V-\r\n0001", "V-0001"),
        ("V-\u00ad0001", "V-0001"),
        ("No. ＡＢ１２", "AB12"),
        ("Invoice 2024/07 A  B", "Invoice 2024/07 A B"),
        ("Car 🚗 V-0001.", "V-0001 🚗"),
        ("x=cmd|' /C calc'!A0 y", "=cmd|' /C calc'!A0"),
        ("(V-1)", "(V-1)"),
    ],
)
def test_reference_is_found_when_typesetting_changed_its_looks(text: str, reference: str) -> None:
    assert names_reference(text, reference)


@pytest.mark.parametrize(
    ("text", "reference"),
    [("V-0012", "V-001"), ("XV-001", "V-001"), ("v-0001", "V-0001"), ("V-0002", "V-0001"), ("", "V-0001")],
)
def test_reference_is_not_found_when_the_text_names_another(text: str, reference: str) -> None:
    assert not names_reference(text, reference)


@given(st.text(min_size=1, max_size=60))
def test_any_reference_is_found_when_it_stands_alone_in_the_text(reference: str) -> None:
    if searchable(reference):
        assert names_reference(f"a {searchable(reference)} b", reference)
