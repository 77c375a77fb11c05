"""Workers are replaced between tasks before they grow old: that costs nobody an attempt, and is no fault."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.portal import PortalProcess
from tests.support.tabcrew import BrowserlessProcess

RECORDS = 8


@pytest.mark.parametrize(
    ("limit", "incarnations", "latency_s"),
    # Memory is measured every five seconds, so that run must last longer.
    [("run__recycle_after_documents", 4, 0.0), ("run__recycle_above_mb", 2, 1.0)],
    ids=["documents", "memory"],
)
def test_worker_is_replaced_between_tasks_when_it_is_outworn(
    tmp_path: Path, limit: str, incarnations: int, latency_s: float
) -> None:
    # Documents; MB, of which every Python has more.
    at: dict[str, Any] = {limit: 2 if limit == "run__recycle_after_documents" else 1}
    with (
        PortalProcess(tmp_path, records=RECORDS, latency=latency_s) as portal,
        BrowserlessProcess(tmp_path, portal.url, run__workers=1, **at) as crew,
    ):
        assert crew.wait(within_s=90) == 0, crew.said()
        ((workers, attempts),) = crew.query("SELECT count(DISTINCT pid), count(*) FROM attempts")
        assert workers >= incarnations
        assert attempts == RECORDS
        assert crew.query("SELECT sum(charged), sum(deaths) FROM tasks") == [(0, 0)]
        assert crew.status()["worker_restarts"] == 0
        assert portal.logins() == 1
        assert set(portal.served().values()) == {1}
        crew.assert_clean()
