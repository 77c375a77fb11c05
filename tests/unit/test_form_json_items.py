"""Values and records in JSON that a portal sends, which may be anything."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabworker.adapters.form_json_items import found_at, names_at_top, record_of, value_at
from tabworker.failures import AdapterMisfit
from tabworker.messages import Record

ANSWER = {"data": {"items": [{"id": 7}, {"id": 8}], "total": 2}, "next": None, "more": True, "half": 0.5}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("data.total", 2),
        ("data.items.1.id", 8),
        ("data.items.9.id", None),
        ("data.items.-1", None),
        ("data.total.x", None),
        ("nothing", None),
    ],
)
def test_value_is_found_by_its_path(path: str, found: object) -> None:
    assert found_at(ANSWER, path) == found


def test_value_is_a_text_or_a_truth() -> None:
    paths = ("data.total", "half", "more", "next", "data")
    assert [value_at(ANSWER, path) for path in paths] == ["2", "0.5", True, None, None]


def test_whole_answer_is_found_by_an_empty_path() -> None:
    assert found_at([1], "") == [1]
    assert value_at("token", "") == "token"


def test_record_has_the_values_of_nested_objects() -> None:
    item = {
        "No": "V-1",
        "owner": {"name": "Ann", "born": None},
        "files": [{"id": 9}],
        "sold": False,
        "km": 1.5,
    }
    assert record_of(item, "no", "x") == Record(
        "V-1", {"No": "V-1", "owner.name": "Ann", "files.0.id": "9", "sold": "false", "km": "1.5"}
    )
    assert record_of(item, "owner.name", "x").ref == "Ann"


@pytest.mark.parametrize(("item", "ref"), [("V-1", "V-1"), (42, "42")])
def test_plain_item_is_the_reference(item: object, ref: str) -> None:
    assert record_of(item, "no", "x") == Record(ref)


@pytest.mark.parametrize(
    "item", [None, True, [], {}, {"no": None}, {"no": " "}, {"id": "1"}, {"no": "x" * 5000}]
)
def test_item_is_refused_when_it_has_no_reference(item: object) -> None:
    with pytest.raises(AdapterMisfit, match="reference_column = no is not among the names of a record in x"):
        record_of(item, "no", "x")


@given(JSON)
def test_any_json_is_a_record_that_can_be_sent_or_is_refused(item: Any) -> None:
    names_at_top(item)
    try:
        record = record_of(item, "no", "x")
    except AdapterMisfit:
        return
    assert msgspec.json.decode(msgspec.json.encode(record), type=Record) == record


def test_record_stays_small_when_the_object_is_huge() -> None:
    item = {
        "no": "V-1",
        "text": "x" * 100_000,
        "rows": [{"a": n, "b": {"c": {"d": {}}}} for n in range(10_000)],
    }
    assert len(msgspec.json.encode(record_of(item, "no", "x"))) < 10_000
