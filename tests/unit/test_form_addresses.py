"""Addresses and selectors made of a record's values, which may hold anything."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo_portal.hostile import HOSTILE_REFS
from tabworker.adapters.form_addresses import (
    absolute,
    address_of,
    fits_address,
    is_same_document,
    is_same_page,
    page_address,
    selector_of,
    text_of,
)
from tabworker.failures import AdapterMisfit, Permanent
from tabworker.messages import Record

PORTAL = "https://portal.example"


def address(template: str, ref: str = "V-1", **fields: str) -> str:
    return address_of(template, Record(ref, fields), "record_url", PORTAL)


@pytest.mark.parametrize(
    ("portal", "relative", "expected"),
    [
        ("https://a.example", "/login", "https://a.example/login"),
        ("https://a.example", "login", "https://a.example/login"),
        ("https://a.example/app", "login", "https://a.example/app/login"),
        ("https://a.example/app/", "login", "https://a.example/app/login"),
        ("https://a.example/app", "/login", "https://a.example/login"),
        ("https://a.example/app", "", "https://a.example/app/"),
        ("https://a.example/app", "?view=all", "https://a.example/app/?view=all"),
        ("https://a.example/app", "#/login", "https://a.example/app/#/login"),
        ("https://a.example/index?x=1", "list", "https://a.example/list"),
        ("https://a.example/app", "https://sso.example/in", "https://sso.example/in"),
        ("https://a.example/app", "//cdn.example/x", "https://cdn.example/x"),
    ],
)
def test_address_is_seen_from_the_portals_own(portal: str, relative: str, expected: str) -> None:
    assert absolute(portal, relative) == expected


def test_address_takes_the_reference_and_columns() -> None:
    filled = address("/records/{ref}?year={Model year}&m={make}", Make="Saab & Co", **{"Model year": "1987"})
    assert filled == f"{PORTAL}/records/V-1?year=1987&m=Saab%20%26%20Co"


def test_reference_wins_when_the_portal_has_a_column_of_that_name() -> None:
    record = Record("V-1", {"ref": "other"})
    assert address_of("/r/{ref}", record, "record_url", PORTAL) == f"{PORTAL}/r/V-1"


@pytest.mark.parametrize("ref", HOSTILE_REFS)
def test_hostile_reference_stays_one_piece_of_the_address(ref: str) -> None:
    parts = urlsplit(address("/records/{ref}/report.pdf?again={ref}", ref))
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "portal.example", "")
    before, records, piece, after = parts.path.split("/")
    assert (before, records, after) == ("", "records", "report.pdf")
    assert unquote(piece) == ref
    assert unquote(parts.query) == f"again={ref}"


@given(st.text(min_size=1))
def test_any_reference_leads_to_the_portals_own_host(ref: str) -> None:
    try:
        parts = urlsplit(address("/records/{ref}", ref))
    except Permanent:
        assert ref in (".", "..")
        return
    assert parts.netloc == "portal.example"
    assert parts.path.startswith("/records/")
    assert parts.path.count("/") == 2


@pytest.mark.parametrize("ref", [".", ".."])
def test_reference_is_refused_when_it_would_climb(ref: str) -> None:
    with pytest.raises(Permanent, match="cannot be written"):
        address("/records/{ref}/report.pdf", ref)


def test_dots_of_the_template_itself_are_its_own() -> None:
    assert address("/app/../records/{ref}") == f"{PORTAL}/records/V-1"


def test_column_that_is_the_whole_template_holds_an_address() -> None:
    link = {"Report link": " /files/a%20b.pdf?x=1 "}
    assert address("{Report link}", **link) == f"{PORTAL}/files/a%20b.pdf?x=1"
    assert (
        address("{report LINK}", **{"Report link": "https://cdn.example/a.pdf"})
        == "https://cdn.example/a.pdf"
    )


@pytest.mark.parametrize(
    "cell",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "https://",
        "http://[::1",
        "about:blank",
    ],
)
def test_cell_is_refused_when_it_is_no_web_address(cell: str) -> None:
    with pytest.raises(Permanent, match="no web address"):
        address("{Link}", Link=cell)


def test_refusal_names_the_columns_when_the_template_names_none_of_them() -> None:
    with pytest.raises(
        AdapterMisfit, match=r"record_url names \{Plate\}, but 'V-1' has only: ref, Make, VIN"
    ):
        address("/r/{Plate}", VIN="1", Make="Saab")


def test_record_is_refused_when_its_value_is_empty() -> None:
    with pytest.raises(Permanent, match="nothing in column 'VIN'"):
        address("/r/{VIN}", VIN="  ")


def test_selector_keeps_the_reference_between_its_quotes() -> None:
    record = Record("a\"b\\c'd\n  e")
    assert selector_of('tr:has-text("{ref}") a', record, "x") == 'tr:has-text("a\\"b\\\\c\\\'d e") a'


def test_selector_without_a_place_stays_as_it_is() -> None:
    assert selector_of("#get-report", Record("V-1"), "document_selector") == "#get-report"


@pytest.mark.parametrize(
    ("url", "other", "same"),
    [
        ("https://a.example/login?next=%2F", "https://a.example/login", True),
        ("https://a.example/login/", "https://a.example/login", True),
        ("https://a.example/login#x", "https://a.example/login", True),
        ("https://a.example/login2", "https://a.example/login", False),
        ("https://a.example/login;sid=A1", "https://a.example/login", True),
        ("https://a.example/list;sid=A1", "https://a.example/login", False),
        ("https://b.example/login", "https://a.example/login", False),
        ("https://a.example/#/login?next=x", "https://a.example/#/login", True),
        ("https://a.example/#/inventory", "https://a.example/#/login", False),
        ("https://a.example/", "https://a.example/#/login", False),
    ],
)
def test_page_is_told_by_its_address_whatever_the_query(url: str, other: str, same: bool) -> None:
    assert is_same_page(url, other) is same


@pytest.mark.parametrize(
    ("url", "pattern", "fits"),
    [
        ("https://a.example/app", "https://a.example/app", True),
        ("https://a.example/app?x=1#top", "https://a.example/app", True),
        ("https://a.example/application", "https://a.example/app", False),
        ("https://a.example/app/list/7", "https://a.example/app/*", True),
        ("https://a.example/login?next=/app/", "https://a.example/app/*", False),
        ("https://b.example/app/", "https://a.example/app/*", False),
        ("https://a.example/?view=list", "https://a.example/?view=*", True),
        ("https://a.example/#/list/7", "https://a.example/#/list*", True),
        ("https://a.example/#/login", "https://a.example/#/list*", False),
        ("https://a.example/aXb", "https://a.example/a.b", False),
    ],
)
def test_address_fits_a_pattern(url: str, pattern: str, fits: bool) -> None:
    assert fits_address(url, pattern) is fits


def test_page_of_the_inventory_has_its_place_in_the_address() -> None:
    assert page_address("/list?p={page}&from={offset}", 3, 50) == "/list?p=3&from=50"
    assert page_address("/api?after={cursor}", 1, 0, "a/b&c") == "/api?after=a%2Fb%26c"
    assert page_address("/api?q={other}", 1, 0) == "/api?q={other}"


def test_own_notes_of_the_adapter_stand_behind_columns_of_the_same_name() -> None:
    record = Record("V-1-bill", {"{ref}": "V-1", "{document}": "a/b", "{n}": "2", "N": "7"})
    assert address_of("/{ref}/{document}/{n}", record, "document_url", PORTAL) == f"{PORTAL}/V-1/a%2Fb/2"
    assert text_of("{ref}: {document}", record, "task_name") == "V-1: a/b"
    assert address_of("{document}", record, "document_url", PORTAL) == f"{PORTAL}/a%2Fb"
    assert address_of("/{n}", Record("V-1", {"n": "own"}), "document_url", PORTAL) == f"{PORTAL}/own"


def test_name_may_lack_a_value_where_an_address_may_not() -> None:
    assert text_of("{ref}-{Type}", Record("V-1", {"Type": ""}), "task_name") == "V-1-"


@pytest.mark.parametrize(
    ("url", "open_url", "nothing_is_loaded"),
    [
        ("https://p/app#/r/2", "https://p/app#/r/1", True),
        ("https://p/app#/r/1", "https://p/app#/r/1", True),
        ("https://p/app#/r/1", "https://p/app", True),
        ("https://p/app#/r/1", "https://p/app?old", False),
        ("https://p/app", "https://p/app#/r/1", False),
        ("https://p/app", "https://p/app", False),
    ],
)
def test_address_loads_nothing_when_it_differs_only_behind_the_hash(
    url: str, open_url: str, nothing_is_loaded: bool
) -> None:
    assert is_same_document(url, open_url) is nothing_is_loaded
