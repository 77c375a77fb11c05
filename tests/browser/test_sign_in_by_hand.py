"""Signing in by hand: a person (a second CDP client) at a visible Chrome, and a run that waits for them."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.chrome import virtual_display
from tests.support.eventually import eventually
from tests.support.person import chrome_of_run, person_at
from tests.support.portal import PortalProcess
from tests.support.tabcrew import TabcrewProcess


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with virtual_display() as number:
        yield number


def by_hand(folder: Path, portal: PortalProcess, display: str, **settings: object) -> TabcrewProcess:
    crew = TabcrewProcess(
        folder, portal.url, environ={"DISPLAY": display}, portal__sign_in="manual", **settings
    )
    for name in ("TABCREW_USERNAME", "TABCREW_PASSWORD"):
        del crew.environ[name]
    return crew


def wait_until_asked(crew: TabcrewProcess, times: int = 1) -> None:
    eventually(lambda: len(crew.log("person_awaited")) == times, 30, f"the person is asked {times} times")
    eventually(lambda: crew.status().get("attention"), 5, "status.json asks for a person")


def test_run_starts_and_goes_on_when_a_person_signs_in(tmp_path: Path, display: str) -> None:
    """The second time in a pop-up, after the portal ended the session in mid-run."""
    with (
        PortalProcess(tmp_path, records=6, latency=0.4) as portal,
        by_hand(tmp_path, portal, display, run__workers=2) as crew,
    ):
        wait_until_asked(crew)
        assert len(crew.status()["workers"]) == 1
        assert portal.logins() == 0
        with person_at(chrome_of_run(crew.work_dir)) as person:
            page = person.tab_at("/login")
            assert person.is_in_front(page)
            person.sign_in(page)
            crew.wait_for_documents(1, within_s=30)
            person.sign_out(portal.url)
            wait_until_asked(crew, times=2)
            assert portal.logins() == 1
            page = person.tab_at("/login")
            assert [tab.target_id for tab in person.tabs() if "/login" in tab.url] == [page]
            assert person.is_in_front(page)
            person.evaluate(page, "window.popup = window.open('/login?popup'); null")
            person.sign_in(person.tab_at("popup"))
        assert crew.wait(within_s=60) == 0, crew.said()
        assert portal.logins() == 2
        assert len(portal.audit("login_refused")) == 0
        assert crew.log("worker_killed") == []
        assert "Sign in by hand" in crew.said()
        assert "2 sign-ins" in crew.said()
        crew.assert_clean()


def test_run_asks_again_when_the_person_closes_the_tab_and_stops_at_once_when_interrupted(
    tmp_path: Path, display: str
) -> None:
    with (
        PortalProcess(tmp_path, records=2) as portal,
        by_hand(tmp_path, portal, display, run__workers=1) as crew,
    ):
        wait_until_asked(crew)
        with person_at(chrome_of_run(crew.work_dir)) as person:
            person.close(person.tab_at("/login"))
            wait_until_asked(crew, times=2)
        began = time.monotonic()
        crew.interrupt()
        assert crew.wait(within_s=10) == 130, crew.said()
        assert time.monotonic() - began < 3
        crew.assert_clean()
        crew.environ["TABCREW__PORTAL__MANUAL_SIGN_IN_TIMEOUT_S"] = "1"
        crew.start()
        assert crew.wait(within_s=30) == 4, crew.said()
        assert "nobody signed in by hand within 1 s" in crew.said()
        crew.assert_clean()
