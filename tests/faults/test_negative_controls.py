"""Each claim is put to Tabcrew and to the design that one would write at first: the one must hold it, the
other must not. A test that both pass proves nothing.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from chrome_launcher.tabs import close_tab, open_tab
from supervisor.crew import Gone, Reported, WorkerState
from tabworker.messages import DocumentFetched
from tests.naive import crew as naive_crew
from tests.naive import storage as naive_storage
from tests.naive.attach import plain_attach
from tests.support import bad_workers
from tests.support.click_site import click_site, document
from tests.support.client_process import attached_client
from tests.support.crew_bench import CrewBench
from tests.support.power_cut_job import Storage
from tests.support.power_cut_verdict import assert_survives, record
from tests.support.sqlite_syncs import why_unavailable
from tests.support.tabs import TabBench, tab_bench

# --- a worker that waits for work is killed (HAZARDS P1) -------------------------------------------


class TwoWorkers(Protocol):
    def kill_the_one_that_waits_longest(self) -> None: ...

    def does_a_duty(self) -> bool:
        """One is given; is it done?"""
        ...

    def replace_the_dead(self) -> None: ...


def assert_the_other_works_when_idle_workers_are_killed(crew: TwoWorkers, times: int) -> None:
    for number in range(1, times + 1):
        crew.kill_the_one_that_waits_longest()
        assert crew.does_a_duty(), f"after {number} kills nobody takes a duty any more"
        crew.replace_the_dead()


class OurTwoWorkers:
    def __init__(self, bench: CrewBench) -> None:
        self._bench = bench
        self._workers = [bench.idle_worker(1), bench.idle_worker(2)]

    def kill_the_one_that_waits_longest(self) -> None:
        self._dead = self._workers.pop(0)
        os.kill(self._dead.process.pid, signal.SIGKILL)
        self._bench.turn_until(lambda: self._bench.crew.in_slot(self._dead.slot) is None, within_s=10)

    def does_a_duty(self) -> bool:
        (worker,) = self._workers
        epoch = self._bench.give(worker)
        self._bench.turn_until(lambda: worker.state is WorkerState.IDLE, within_s=5)
        return epochs_delivered(self._bench)[-1] == epoch

    def replace_the_dead(self) -> None:
        self._workers.append(self._bench.idle_worker(self._dead.slot))


class NaiveTwoWorkers:
    def __init__(self, crew: naive_crew.NaiveCrew) -> None:
        self._crew = crew
        self._workers = [crew.idle_worker(), crew.idle_worker()]

    def kill_the_one_that_waits_longest(self) -> None:
        dead = self._workers.pop(0)
        os.kill(dead.pid, signal.SIGKILL)
        dead.join()

    def does_a_duty(self) -> bool:
        self._crew.duties.put(7)
        return self._crew.heard(1, within_s=3) == [("done", 7)]

    def replace_the_dead(self) -> None:
        self._workers.append(self._crew.idle_worker())


def epochs_delivered(bench: CrewBench) -> list[int]:
    reports = [event.report for event in bench.events if isinstance(event, Reported)]
    return [report.epoch for report in reports if isinstance(report, DocumentFetched)]


def test_other_worker_goes_on_when_idle_ones_are_killed_fifty_times(tmp_path: Path) -> None:
    with CrewBench(tmp_path, bad_workers.good) as bench:
        assert_the_other_works_when_idle_workers_are_killed(OurTwoWorkers(bench), times=50)


def test_naive_crew_stands_still_when_idle_workers_share_a_queue_and_one_is_killed() -> None:
    with (
        naive_crew.NaiveCrew() as crew,
        pytest.raises(AssertionError, match="nobody takes a duty any more"),
    ):
        assert_the_other_works_when_idle_workers_are_killed(NaiveTwoWorkers(crew), times=50)


# --- a worker dies right after its reports (P2) ----------------------------------------------------

REPORTS = 50


def assert_every_report_is_heard_when_its_worker_dies_right_after(heard: Callable[[], int]) -> None:
    count = heard()
    assert count == REPORTS, f"{count} of {REPORTS} reports were heard"


def test_every_report_is_heard_when_its_worker_dies_right_after(tmp_path: Path) -> None:
    def heard() -> int:
        with CrewBench(tmp_path, bad_workers.reports_fifty_times_and_dies) as bench:
            bench.give(bench.idle_worker())
            bench.wait_for(Gone)
            return len(epochs_delivered(bench))

    assert_every_report_is_heard_when_its_worker_dies_right_after(heard)


def test_naive_crew_loses_reports_when_they_are_put_in_a_queue() -> None:
    def heard() -> int:
        with naive_crew.NaiveCrew() as crew:
            worker = crew.idle_worker(naive_crew.reports_and_dies)
            crew.duties.put(REPORTS)
            worker.join(10)
            return len(crew.heard(REPORTS, within_s=2))

    with pytest.raises(AssertionError, match=f"of {REPORTS} reports were heard"):
        assert_every_report_is_heard_when_its_worker_dies_right_after(heard)


# --- clients of one Chrome (C2, C4, C5) ------------------------------------------------------------

ATTACH_WITHIN_S = 4.0
DOWNLOAD_WITHIN_S = 5.0


class Clients(Protocol):
    """``page``: the tab of a new client in this process. ``other``: a client in a process that is killed at
    the end.
    """

    bench: TabBench

    def page(self) -> AbstractContextManager[Page]: ...

    def other(self) -> AbstractContextManager[None]: ...


class OurClients:
    def __init__(self, bench: TabBench) -> None:
        self.bench = bench

    @contextmanager
    def page(self) -> Iterator[Page]:
        with self.bench.attached() as attached:
            yield attached.page

    @contextmanager
    def other(self) -> Iterator[None]:
        target = open_tab(self.bench.root)
        with attached_client(self.bench.chrome.ws_url, target, self.bench.downloads):
            yield
        assert close_tab(self.bench.root, self.bench.chrome.http_url, target)


class NaiveClients:
    def __init__(self, bench: TabBench) -> None:
        self.bench = bench

    @contextmanager
    def page(self) -> Iterator[Page]:
        bench = self.bench
        page = plain_attach(bench.playwright, bench.chrome.ws_url, bench.downloads, ATTACH_WITHIN_S)
        try:
            yield page
        finally:
            page.close()
            assert page.context.browser is not None
            page.context.browser.close()

    @contextmanager
    def other(self) -> Iterator[None]:
        with attached_client(self.bench.chrome.ws_url, None, self.bench.downloads):
            yield


@pytest.fixture(scope="module")
def clients(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    """Each kind has a Chrome of its own: what a naive client did to one cannot be undone."""
    with tab_bench(tmp_path_factory.mktemp("bench")) as bench:
        yield request.param(bench)


OURS = pytest.mark.parametrize("clients", [OurClients], indirect=True)
NAIVE = pytest.mark.parametrize("clients", [NaiveClients], indirect=True)


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with click_site() as url:
        yield url


def assert_a_client_can_attach_beside_a_spinning_tab(clients: Clients, site: str) -> None:
    with clients.bench.attached() as spinning:
        spinning.page.goto(site)
        spinning.page.evaluate("setTimeout(() => { while (true); }, 0)")
        try:
            with clients.page() as page:
                page.goto(site)
                assert page.title() == "home"
        except PlaywrightError as error:
            raise AssertionError(f"no client can attach beside a tab that spins: {error}") from error


@OURS
def test_new_client_attaches_when_another_tab_spins(clients: Clients, site: str) -> None:
    assert_a_client_can_attach_beside_a_spinning_tab(clients, site)


@NAIVE
def test_naive_client_cannot_attach_when_another_tab_spins(clients: Clients, site: str) -> None:
    with pytest.raises(AssertionError, match="no client can attach"):
        assert_a_client_can_attach_beside_a_spinning_tab(clients, site)


def assert_a_download_arrives_after_another_client_was_killed(clients: Clients, site: str, name: str) -> None:
    with clients.page() as page:
        with clients.other():
            assert downloaded(page, site, f"{name}-before") == document(f"{name}-before")
        try:
            content = downloaded(page, site, f"{name}-after")
        except (PlaywrightError, OSError) as error:
            raise AssertionError(f"the download is lost: {error}") from error
        assert content == document(f"{name}-after")


def downloaded(page: Page, site: str, name: str) -> bytes:
    page.goto(f"{site}/?n={name}")
    with page.expect_download(timeout=DOWNLOAD_WITHIN_S * 1000) as download:
        page.click("#attachment")
    return download.value.path().read_bytes()


@OURS
def test_download_arrives_when_another_client_was_killed(clients: Clients, site: str) -> None:
    assert_a_download_arrives_after_another_client_was_killed(clients, site, "ours")


@NAIVE
def test_naive_client_loses_its_download_when_another_was_killed(clients: Clients, site: str) -> None:
    with pytest.raises(AssertionError, match="the download is lost"):
        assert_a_download_arrives_after_another_client_was_killed(clients, site, "naive")


# --- the power fails (S2, S3); ours is tests/faults/test_power_cut.py ------------------------------


@pytest.mark.skipif(bool(why_unavailable()), reason=why_unavailable())
@pytest.mark.parametrize(
    ("storage", "fault"),
    [
        (Storage(open_ledger=naive_storage.ledger_that_syncs_now_and_then), "committed, and lost"),
        (Storage(open_book=naive_storage.RenamesWithoutSync), "half a document"),
        (Storage(open_book=naive_storage.ForgetsTheFolder), "its document is missing"),
        (Storage(open_book=naive_storage.CommitsFirst), "its document is missing"),
    ],
    ids=["ledger not synced", "file not synced", "folder not synced", "committed first"],
)
def test_naive_storage_loses_something_when_the_power_fails(
    tmp_path: Path, storage: Storage, fault: str
) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    with pytest.raises(AssertionError, match=fault):
        assert_survives(record(before, storage), "none", after, storage)
