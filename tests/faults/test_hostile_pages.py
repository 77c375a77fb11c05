"""Records whose page hangs or spins: they end as explained failures and take no other record with them."""

from pathlib import Path

from tests.support.portal import PortalProcess
from tests.support.tabcrew import TabcrewProcess


def test_hung_record_fails_with_a_plain_reason_and_others_are_delivered(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=6, faults="hang!=V-0003") as portal,
        TabcrewProcess(
            tmp_path, portal.url, run__workers=2, portal__step_timeout_s=3, retry__backoff_s=0.2
        ) as crew,
    ):
        assert crew.wait(within_s=90) == 3, crew.said()
        assert portal.logins() == 1
        assert crew.counts().done == 5
        ((state, tries, reason),) = crew.query("SELECT state, tries, reason FROM tasks WHERE state <> 'done'")
        assert (state, tries) == ("failed", 3)
        assert "V-0003" in reason or "took too long" in reason, reason
        assert list((crew.work_dir / "failures").glob("V-0003-attempt-3*"))
        crew.assert_clean()


def test_spinning_record_ends_and_others_are_delivered(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=6, faults="spin!=V-0002") as portal,
        TabcrewProcess(
            tmp_path, portal.url, run__workers=2, portal__step_timeout_s=3, retry__backoff_s=0.2
        ) as crew,
    ):
        assert crew.wait(within_s=120) == 3, crew.said()
        assert portal.logins() == 1
        assert crew.counts().done == 5
        ((state,),) = crew.query("SELECT state FROM tasks WHERE id = 'V-0002'")
        assert state in ("failed", "quarantined")
        crew.assert_clean()
