"""The session ends under a whole crew, by the portal or by somebody else: one new sign-in, however many
notice; no record pays.
"""

from pathlib import Path

from supervisor.exit_codes import ExitCode
from tests.support import misdeeds
from tests.support.portal import PortalProcess
from tests.support.portal_client import PortalClient
from tests.support.tabcrew import BrowserlessProcess

RECORDS = 12
WORKERS = 3
FULL = {f"V-{number:04}": 1 for number in range(1, RECORDS + 1)}


def test_one_sign_in_is_made_when_the_session_expires_under_a_whole_crew(tmp_path: Path) -> None:
    slow = {
        f"V-{number:04}": "dawdles_in_company" for number in range(1, WORKERS + 1)
    }  # longer than the session lives
    with (
        PortalProcess(tmp_path, records=RECORDS, session_ttl=1.5) as portal,
        BrowserlessProcess(
            tmp_path,
            portal.url,
            environ=misdeeds.environ(tmp_path / "done", slow),
            run__workers=WORKERS,
        ) as crew,
    ):
        assert crew.wait(within_s=60) == 0, crew.said()
        ended = portal.audit("session_ended")
        assert {line["reason"] for line in ended} == {"expired"}
        assert portal.logins() == 1 + len(ended)
        ((lost,),) = crew.query("SELECT count(*) FROM attempts WHERE outcome = 'session'")
        assert len(crew.log("session_lost")) == len(ended) < lost
        assert crew.query("SELECT sum(charged), sum(deaths) FROM tasks") == [(0, 0)]
        assert set(portal.served()) == set(FULL)
        crew.assert_clean()


def test_one_sign_in_is_made_when_somebody_else_signs_in_under_a_whole_crew(tmp_path: Path) -> None:
    busy = {f"V-{number:04}": "waits_for_leave" for number in range(4, 4 + WORKERS)}
    done = tmp_path / "done"
    with (
        PortalProcess(tmp_path, records=RECORDS, second_login="replace") as portal,
        BrowserlessProcess(
            tmp_path, portal.url, environ=misdeeds.environ(done, busy), run__workers=WORKERS
        ) as crew,
    ):
        misdeeds.wait_for_waiting(done, WORKERS)
        PortalClient(portal.url).enter()
        misdeeds.give_leave(done)
        assert crew.wait(within_s=30) == 0, crew.said()
        assert portal.logins() == 3  # the run's, the other's, the run's again
        assert [line["reason"] for line in portal.audit("session_ended")] == ["elsewhere", "elsewhere"]
        # Exactly those that were busy: nobody was given a task while nobody was signed in.
        lost = crew.query("SELECT task FROM attempts WHERE outcome <> 'delivered' ORDER BY task")
        assert lost == [(ref,) for ref in sorted(busy)]
        assert len(crew.log("session_lost")) == 1
        assert crew.query("SELECT sum(charged), sum(deaths) FROM tasks") == [(0, 0)]
        assert portal.served() == FULL
        crew.assert_clean()


def test_run_stops_and_resumes_when_somebody_else_signs_in_again_and_again(tmp_path: Path) -> None:
    done = tmp_path / "done"
    with (
        PortalProcess(tmp_path, records=RECORDS, second_login="replace") as portal,
        BrowserlessProcess(
            tmp_path,
            portal.url,
            environ=misdeeds.environ(done, dict.fromkeys(FULL, "always:waits_for_leave")),
            run__workers=WORKERS,
        ) as crew,
    ):
        for _ in range(3):
            misdeeds.wait_for_waiting(done, WORKERS)
            PortalClient(portal.url).enter()
            misdeeds.give_leave(done)
        assert crew.wait(within_s=30) == ExitCode.SIGN_IN_REFUSED, crew.said()
        assert "somebody else seems to use this account" in crew.said()
        assert portal.logins() == 3 + 3
        assert portal.served() == {}
        assert crew.counts().pending == RECORDS
        assert crew.query("SELECT sum(charged), sum(deaths) FROM tasks") == [(0, 0)]
        crew.assert_clean()

        del crew.environ[misdeeds.VARIABLE]
        crew.start()
        assert crew.wait(within_s=30) == 0, crew.said()
        assert portal.logins() == 3 + 3 + 1
        assert portal.served() == FULL
        crew.assert_clean()
