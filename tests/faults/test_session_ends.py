"""The portal ends the session under a whole crew: one new sign-in, however many notice; no record pays."""

from pathlib import Path

from tests.support import misdeeds
from tests.support.portal import PortalProcess
from tests.support.tabcrew import BrowserlessProcess

RECORDS = 12
WORKERS = 3


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
        assert set(portal.served()) == {f"V-{number:04}" for number in range(1, RECORDS + 1)}
        crew.assert_clean()
