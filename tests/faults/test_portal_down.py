"""The portal goes down under a run: it is asked by one at a time, no record pays for it, and the run goes on
when it is back, or stops with exit code 6 and goes on later.
"""

from pathlib import Path

from supervisor.exit_codes import ExitCode
from tests.support.eventually import eventually
from tests.support.outage import outage
from tests.support.portal import PortalProcess
from tests.support.tabcrew import BrowserlessProcess

RECORDS = 8
WORKERS = 3
DOWN_AFTER = 3
PROBE_EVERY_S = 0.2
BURST = DOWN_AFTER + WORKERS - 1
"""What may ask before everybody knows: K records that fail, and what the other workers had begun by then."""
FULL = {f"V-{number:04}" for number in range(1, RECORDS + 1)}


def new_crew(folder: Path, portal: PortalProcess, give_up_s: float) -> BrowserlessProcess:
    return BrowserlessProcess(
        folder,
        portal.url,
        run__workers=WORKERS,
        pacing__portal_down_after=DOWN_AFTER,
        pacing__portal_probe_every_s=PROBE_EVERY_S,
        pacing__portal_down_give_up_s=give_up_s,
        retry__backoff_s=0.1,
    )


def test_run_waits_and_goes_on_when_the_portal_answers_503_to_everything_for_a_while(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=RECORDS, latency=0.3) as portal,
        new_crew(tmp_path, portal, give_up_s=60) as crew,
    ):
        crew.wait_for_documents(3, within_s=20)
        portal.stop()
        with outage(portal.port, BURST) as seen:
            # More probes than records are left: were it records that are tried, one would pay twice.
            eventually(lambda: len(seen.asked) >= BURST + RECORDS, within_s=30, what="probes")
        portal.start()
        assert crew.wait(within_s=30) == 0, crew.said()
        assert len(crew.log("portal_down")) == len(crew.log("portal_back")) == 1
        assert seen.at_once == 1
        assert min(seen.pauses_s) >= 0.9 * PROBE_EVERY_S, seen.pauses_s
        assert crew.query("SELECT max(charged), sum(deaths) FROM tasks") == [(1, 0)]
        assert portal.logins() == 2  # it forgot the session when it was stopped
        assert set(portal.served()) == FULL
        crew.assert_clean()


def test_last_records_pay_once_when_the_portal_goes_down_under_them(tmp_path: Path) -> None:
    """There are fewer of them than it takes of different records to tell that it is not the records."""
    with (
        PortalProcess(tmp_path, records=DOWN_AFTER - 1, latency=0.5) as portal,
        new_crew(tmp_path, portal, give_up_s=60) as crew,
    ):
        eventually(lambda: crew.log("inventory_listed"), within_s=20, what="the inventory")
        portal.stop()
        eventually(lambda: crew.log("portal_down"), within_s=20, what="the portal seems down")
        portal.start()
        assert crew.wait(within_s=30) == 0, crew.said()
        assert crew.query("SELECT max(charged), sum(deaths) FROM tasks") == [(1, 0)]
        assert portal.logins() == 2  # it forgot the session when it was stopped
        assert len(portal.served()) == DOWN_AFTER - 1
        crew.assert_clean()


def test_run_stops_with_its_code_and_resumes_when_the_portal_does_not_come_back(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=RECORDS, latency=0.3) as portal,
        new_crew(tmp_path, portal, give_up_s=1.5) as crew,
    ):
        crew.wait_for_documents(3, within_s=20)
        portal.stop()
        assert crew.wait(within_s=30) == ExitCode.PORTAL_DOWN, crew.said()
        assert "the portal has been down for" in crew.said()
        assert "Run the same command to go on when it is back" in crew.said()
        assert crew.query("SELECT max(charged), sum(deaths) FROM tasks") == [(1, 0)]
        counts = crew.counts()
        assert counts.pending == RECORDS - counts.done > 0
        crew.assert_clean()

        portal.start()
        crew.start()
        assert crew.wait(within_s=30) == 0, crew.said()
        assert portal.logins() == 2
        assert set(portal.served()) == FULL
        crew.assert_clean()
