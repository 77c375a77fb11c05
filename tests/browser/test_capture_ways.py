"""The captures in a real Chrome: whichever way a click goes, the right document arrives, once."""

import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from supervisor.watchdog import WatchLimits
from tabworker.capture_click import LedToPage
from tabworker.failures import SessionLost, Throttled, Transient
from tabworker.http_status import NotFound
from tabworker.tab import Tab
from tests.support.click_site import DOCUMENT_WAYS, click_site, document
from tests.support.tabs import TabBench, tab_bench

_numbers = count(1)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TabBench]:
    with tab_bench(tmp_path_factory.mktemp("bench")) as bench:
        yield bench


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with click_site() as url:
        yield url


@pytest.fixture
def tab(bench: TabBench, tmp_path: Path) -> Iterator[Tab]:
    with bench.tab(tmp_path / "captured.pdf") as tab:
        yield tab


def open_home(tab: Tab, site: str, within_s: float = 10.0) -> str:
    """As before each task. The number of the document that this page offers."""
    number = f"n{next(_numbers)}"
    tab.reset()
    tab.step("open record", within_s)
    tab.page.goto(f"{site}/?n={number}")
    tab.step("capture document", within_s)
    return number


def documents_left(bench: TabBench) -> list[str]:
    return [path.name for path in bench.downloads.iterdir() if path.suffix != ".jsonl"]


@pytest.mark.parametrize("way", DOCUMENT_WAYS)
def test_click_captures_its_own_document_each_time_when_the_portal_serves_it_once(
    bench: TabBench, tab: Tab, site: str, way: str
) -> None:
    for _ in range(5):
        number = open_home(tab, site)
        captured = tab.capture.click(tab.page.locator(f"#{way}"))
        assert captured.path == tab.destination
        assert captured.path.read_bytes() == document(number)
        assert captured.content_length in (None, len(document(number)))
    tab.reset()
    assert len(tab.page.context.pages) == 1
    assert documents_left(bench) == []


def test_click_tells_status_and_length_when_the_tab_itself_downloads(tab: Tab, site: str) -> None:
    number = open_home(tab, site)
    captured = tab.capture.click(tab.page.locator("#attachment"))
    said = (captured.status, captured.content_type, captured.content_length)
    assert said == (200, "application/pdf", len(document(number)))


def test_download_takes_the_file_when_a_click_offers_one(tab: Tab, site: str) -> None:
    number = open_home(tab, site)
    assert tab.capture.download(tab.page.locator("#post")).path.read_bytes() == document(number)


@pytest.mark.parametrize("control", ["page", "blank-page"])
def test_click_names_the_page_when_it_leads_to_one(tab: Tab, site: str, control: str) -> None:
    open_home(tab, site)
    with pytest.raises(LedToPage, match="'Other page'") as failure:
        tab.capture.click(tab.page.locator(f"#{control}"))
    assert failure.value.url == f"{site}/other"


@pytest.mark.parametrize("way", ["click", "download"])
def test_click_is_throttled_at_once_when_the_portal_answers_so(tab: Tab, site: str, way: str) -> None:
    open_home(tab, site)
    busy, began_at = tab.page.locator("#busy"), time.monotonic()
    with pytest.raises(Throttled, match="503") as failure:
        _ = tab.capture.click(busy) if way == "click" else tab.capture.download(busy)
    assert failure.value.retry_after_s == 7.0
    assert time.monotonic() - began_at < 5.0  # the step has ten


def test_click_repeats_the_dialog_when_nothing_else_comes(tab: Tab, site: str) -> None:
    open_home(tab, site, within_s=1.0)
    with pytest.raises(Transient, match="no report today"):
        tab.capture.click(tab.page.locator("#alert"))


def test_click_fails_when_the_download_is_cut_off(bench: TabBench, tab: Tab, site: str) -> None:
    open_home(tab, site, within_s=5.0)
    with pytest.raises(Transient):
        tab.capture.click(tab.page.locator("#cut"))
    tab.reset()
    assert documents_left(bench) == []


@pytest.mark.parametrize("way", ["click", "fetch"])
def test_capture_gives_up_within_the_step_when_the_portal_does_not_answer(
    tab: Tab, site: str, way: str
) -> None:
    address = f"/pdf?n={open_home(tab, site, within_s=1.0)}&wait=30"
    slow = tab.page.locator("#slow")
    began_at = time.monotonic()
    with pytest.raises(Transient):
        _ = tab.capture.click(slow) if way == "click" else tab.capture.fetch(address)
    # Long before the answer, and before the step's grace is over at which the watchdog would kill us.
    assert time.monotonic() - began_at < 1.0 + WatchLimits(10, 60).step_grace_s


def test_fetch_follows_redirects_and_keeps_what_was_said_when_it_succeeds(tab: Tab, site: str) -> None:
    number = open_home(tab, site)
    captured = tab.capture.fetch(f"/moved?n={number}")
    assert captured.path.read_bytes() == document(number)
    assert captured.source_url == f"{site}/pdf?n={number}"
    assert (captured.status, captured.content_length) == (200, len(document(number)))


@pytest.mark.parametrize(
    ("path", "failure"),
    [("/missing", NotFound), ("/signed-out", SessionLost), ("/busy", Throttled), ("/cut", Transient)],
)
def test_fetch_raises_whose_fault_it_is_when_it_fails(
    tab: Tab, site: str, path: str, failure: type[Exception]
) -> None:
    open_home(tab, site, within_s=3.0)
    with pytest.raises(failure) as raised:
        tab.capture.fetch(path)
    assert type(raised.value) is failure
    assert not tab.destination.exists()


def test_print_makes_a_pdf_of_the_page_when_there_is_none(tab: Tab, site: str) -> None:
    open_home(tab, site)
    captured = tab.capture.print()
    assert captured.path.read_bytes().startswith(b"%PDF-")
    assert captured.source_url == tab.page.url
