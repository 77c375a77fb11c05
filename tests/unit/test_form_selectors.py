"""Selectors of the settings, and what is read from a table beside its rows."""

import pytest

from tabworker.adapters.form_rows import Rows
from tabworker.adapters.form_selectors import split_frames
from tabworker.adapters.form_settings import FormSettings
from tabworker.adapters.form_table import columns_of, number_in


@pytest.mark.parametrize(
    ("selector", "frames", "inner"),
    [
        ("#get", [], "#get"),
        ("tr >> a", [], "tr >> a"),
        ("frame=#main >> #get", ["#main"], "#get"),
        (" frame=iframe[name='a b']>>frame=.x >> tr >> a", ["iframe[name='a b']", ".x"], "tr >> a"),
        ("iframe.frame=x >> a", [], "iframe.frame=x >> a"),
    ],
)
def test_selector_leads_through_its_frames(selector: str, frames: list[str], inner: str) -> None:
    assert split_frames(selector) == (frames, inner)


def test_settings_use_frames_when_any_selector_does() -> None:
    assert not FormSettings(url="https://a.example", document_selector="iframe").uses_frames
    assert FormSettings(url="https://a.example", document_menu_selectors=("b", "frame=a >> b")).uses_frames


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("1–50 of 2,000 records", 2000),
        ("2.000 Einträge", 2000),
        ("12 345 678 lignes", 12345678),
        ("Seite 1 von 40 (1987 Treffer)", 1987),
        ("records 1, 2", 2),
        ("none", None),
    ],
)
def test_count_is_the_largest_number(words: str, number: int | None) -> None:
    assert number_in(words) == number


@pytest.mark.parametrize(
    ("head", "columns"),
    [([], ["1", "2", "3"]), (["Ref"], ["Ref", "", ""]), (["a", "b", "c"], ["a", "b", "c"])],
)
def test_columns_are_as_many_as_the_widest_row(head: list[str], columns: list[str]) -> None:
    assert columns_of(Rows(head, [["x"], ["x", "y", "z"]], ["", ""], 2, "")) == columns
