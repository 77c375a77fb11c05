"""The tab between and during duties, in a real Chrome: steps, dialogs, a page that spins, evidence."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from chrome_launcher.switches import HEIGHT, WIDTH
from chrome_launcher.tabs import list_tabs
from supervisor.watchdog import WatchLimits
from tabworker.evidence import save_evidence
from tabworker.tab import Tab
from tests.support.click_site import click_site
from tests.support.eventually import eventually
from tests.support.tabs import TabBench, tab_bench

STEP_GRACE_S = WatchLimits(10, 60).step_grace_s
"""What comes later than this after its step's limit finds its worker killed."""


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


def let_spin(tab: Tab, site: str) -> None:
    tab.page.goto(site)
    tab.page.evaluate("setTimeout(() => { while (true); }, 0)")


def test_step_bounds_playwrights_own_waits_when_it_has_a_limit(tab: Tab) -> None:
    tab.step("wait for nothing", within_s=0.5)
    began_at = time.monotonic()
    with pytest.raises(PlaywrightTimeout):
        tab.page.locator("#missing").click()
    assert time.monotonic() - began_at < 0.5 + STEP_GRACE_S


def test_step_is_stamped_with_its_time_when_it_begins(bench: TabBench, tmp_path: Path) -> None:
    stamps: list[tuple[str, float]] = []
    with bench.attached() as attached:
        tab = Tab(attached.page, downloads_dir=tmp_path, on_step=lambda *stamp: stamps.append(stamp))
        tab.step("one", 5.0)
        tab.step("two")
    assert stamps[0] == ("one", 5.0)
    assert stamps[1][1] > 0
    assert tab.current_step == "two"


def test_tab_goes_on_painting_when_it_was_clicked_and_another_is_in_front(
    bench: TabBench, tab: Tab, site: str
) -> None:
    """A click waits for two frames: at one frame a second, each one on a page after the first takes 2 s."""
    tab.page.goto(site)
    with bench.attached():
        for _ in range(3):
            tab.page.locator("#confirm").click()
            tab.page.evaluate("document.body.append('more')")
        two_frames = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        began_at = time.monotonic()
        for _ in range(5):
            tab.page.evaluate(two_frames)
        assert time.monotonic() - began_at < 4.0
        # Else portals show the layout for telephones, and a tab strip above the page shows a spinner.
        assert tab.page.evaluate("[innerWidth, innerHeight]") == [WIDTH, HEIGHT]


def test_tab_says_that_it_crashed_when_nobody_drove_it_meanwhile(bench: TabBench, site: str) -> None:
    with bench.attached() as attached:
        tab = Tab(attached.page, downloads_dir=bench.downloads, on_step=lambda _name, _within_s: None)
        tab.page.goto(site)
        assert not tab.has_crashed()
        target = next(one.target_id for one in list_tabs(bench.root) if one.url.startswith(site))
        session = bench.root.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        bench.root.submit("Page.crash", session_id=session)
        eventually(tab.has_crashed, within_s=5.0)


def test_tab_is_responsive_when_its_page_is_idle(tab: Tab, site: str) -> None:
    tab.page.goto(site)
    assert tab.is_responsive(within_s=5.0)


def test_tab_says_so_in_time_when_its_page_spins(tab: Tab, site: str) -> None:
    let_spin(tab, site)
    began_at = time.monotonic()
    assert not tab.is_responsive(within_s=0.5)
    assert time.monotonic() - began_at < 0.5 + STEP_GRACE_S


def test_dialog_is_dismissed_and_remembered_when_nobody_takes_it(tab: Tab, site: str) -> None:
    tab.page.goto(site)
    tab.page.click("#confirm")
    assert tab.page.title() == "no"
    assert tab.dialogs == ["confirm: sure?"]


def test_dialog_is_answered_by_the_adapter_until_the_duty_is_over_when_it_asked_to(
    tab: Tab, site: str
) -> None:
    tab.page.goto(site)
    tab.answer_dialogs(lambda dialog: dialog.accept())
    tab.page.click("#confirm")
    assert tab.page.title() == "yes"
    tab.reset()
    tab.page.click("#confirm")
    assert tab.page.title() == "no"


def test_reset_leaves_one_page_and_no_memory_when_a_duty_left_popups(tab: Tab, site: str) -> None:
    tab.page.goto(site)
    with tab.page.expect_popup():
        tab.page.click("#blank-page")
    tab.page.click("#confirm")
    tab.reset()
    assert tab.page.context.pages == [tab.page]
    assert tab.dialogs == []


def test_evidence_shows_the_page_without_its_secrets_when_an_attempt_failed(
    tab: Tab, site: str, tmp_path: Path
) -> None:
    tab.page.goto(site)
    tab.page.set_content(
        "<title>t</title><meta name='csrf-token' content='s3cret1'>"
        "<script>var t='s3cret2'</script>"
        "<form action='/x?session_id=s3cret3&page=2'>"
        "<input name='csrf_token' value='s3cret4' type='hidden'>"
        "<input type='password' value='s3cret5'>"
        "<input name='city' value='Bern'></form><b data-token='s3cret6'>"
    )
    tab.step("capture document")
    names = save_evidence(tab, tmp_path, "../V 1", "it broke", "open record")
    assert names == ["V_1.txt", "V_1.png", "V_1.html"]
    assert {path.name for path in tmp_path.iterdir()} == set(names)
    page = (tmp_path / "V_1.html").read_text()
    assert "s3cret" not in page
    assert "page=2" in page
    assert "Bern" in page
    assert (tmp_path / "V_1.txt").read_text().startswith("it broke\n")


def test_evidence_tells_what_the_console_and_failed_requests_said_of_this_attempt(
    tab: Tab, site: str, tmp_path: Path
) -> None:
    tab.page.goto(site)
    tab.page.evaluate("console.warn('of the attempt before')")
    tab.reset()
    tab.page.evaluate(
        """async () => {
          for (let n = 0; n < 60; n++) console.log('chatter');
        }"""
    )
    lines = eventually(lambda: tab.page_log.lines(), within_s=5)
    assert lines == ["(10 earlier ones left out)", *["log: chatter"] * 50]
    tab.reset()
    tab.page.evaluate(
        """async () => {
          console.error('no such thing', {n: 7});
          await fetch('/nope?token=s3cret');
          setTimeout(() => { throw new Error('a bug of the page') }, 0);
        }"""
    )
    eventually(lambda: tab.is_responsive(1.0) and len(tab.page_log.lines()) == 3, within_s=5)
    save_evidence(tab, tmp_path, "V-1", "it broke", "open record")
    said = (tmp_path / "V-1.txt").read_text()
    assert "error: no such thing {n: 7}" in said
    assert "status of 404" in said
    assert "/nope?token=***" in said
    assert "uncaught: a bug of the page" in said
    assert "of the attempt before" not in said


def test_evidence_is_there_within_five_seconds_when_the_page_spins(
    tab: Tab, site: str, tmp_path: Path
) -> None:
    let_spin(tab, site)
    began_at = time.monotonic()
    assert save_evidence(tab, tmp_path, "V-1", "it hangs", "open record") == ["V-1.txt"]
    assert time.monotonic() - began_at < 5.0


def test_evidence_is_given_up_without_an_error_when_the_folder_cannot_be_written(
    tab: Tab, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    assert save_evidence(tab, tmp_path / "file", "V-1", "why", "open record") == []
