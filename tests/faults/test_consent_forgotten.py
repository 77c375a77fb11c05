"""The portal forgets a consent in mid-run, under each way in which documents come: it is given again, without
a new sign-in, and no record pays.
"""

from pathlib import Path

from tests.support.portal import PortalProcess
from tests.support.tabcrew import TabcrewProcess

RECORDS = 5
"""One for each way of a mixed delivery: a worker must see by itself what stands in a document's place."""


def test_run_goes_on_when_the_licence_page_shows_again_in_mid_run(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=RECORDS, faults="licence=1") as portal,
        TabcrewProcess(tmp_path, portal.url, run__workers=1, portal__step_timeout_s=5) as crew,
    ):
        assert crew.wait(within_s=110) == 0, crew.said()
        assert len(portal.audit("fault")) == RECORDS
        assert portal.logins() == 1
        assert portal.audit("session_ended") == []
        assert (
            crew.query("SELECT outcome, reason FROM attempts WHERE outcome NOT IN ('delivered', 'session')")
            == []
        )
        assert crew.query("SELECT sum(charged), sum(deaths) FROM tasks") == [(0, 0)]
        assert portal.served() == {f"V-{number:04}": 1 for number in range(1, RECORDS + 1)}
        crew.assert_clean()
