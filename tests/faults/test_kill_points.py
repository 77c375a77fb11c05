"""A process is killed at each named point of the protocol, once: nothing is lost and nothing comes twice."""

from pathlib import Path

import pytest

from tabworker.probe import VARIABLE, Point
from tests.support.eventually import eventually
from tests.support.portal import PortalProcess
from tests.support.tabcrew import TabcrewProcess

WORKER_POINTS = [Point.DUTY_TAKEN, Point.FETCHED, Point.BEFORE_REPORT, Point.MID_REPORT, Point.AFTER_REPORT]
SUPERVISOR_POINTS = [
    Point.SPAWNING,
    Point.LEASED,
    Point.BEFORE_RENAME,
    Point.BEFORE_COMMIT,
    Point.AFTER_COMMIT,
]
SERVED_BEFORE = {
    Point.FETCHED,
    Point.BEFORE_REPORT,
    Point.MID_REPORT,
    Point.BEFORE_RENAME,
    Point.BEFORE_COMMIT,
}
"""A kill at these points loses a document that the portal has served already: it is served once more."""

RECORDS = 4


def armed(point: Point, marker: Path) -> dict[str, str]:
    return {VARIABLE: f"{point}:SIGKILL:{marker}"}


def assert_nothing_lost(crew: TabcrewProcess, portal: PortalProcess, point: Point) -> None:
    assert crew.counts().done == RECORDS
    served = portal.served()
    assert len(served) == RECORDS
    assert sum(served.values()) == RECORDS + (point in SERVED_BEFORE)
    crew.assert_clean()


@pytest.mark.parametrize("point", WORKER_POINTS)
def test_nothing_is_lost_when_a_worker_is_killed_at(tmp_path: Path, point: Point) -> None:
    marker = tmp_path / "reached"
    with (
        PortalProcess(tmp_path, records=RECORDS) as portal,
        TabcrewProcess(tmp_path, portal.url, environ=armed(point, marker), run__workers=1) as crew,
    ):
        assert crew.wait(within_s=60) == 0, crew.said()
        assert marker.exists()
        assert portal.logins() == 1
        assert_nothing_lost(crew, portal, point)
        assert crew.query("SELECT sum(charged) FROM tasks") == [(0,)]


@pytest.mark.parametrize("point", SUPERVISOR_POINTS)
def test_nothing_is_lost_when_the_supervisor_is_killed_at(tmp_path: Path, point: Point) -> None:
    marker = tmp_path / "reached"
    with (
        PortalProcess(tmp_path, records=RECORDS) as portal,
        TabcrewProcess(tmp_path, portal.url, environ=armed(point, marker), run__workers=1) as crew,
    ):
        assert crew.wait(within_s=60) == -9, crew.said()
        assert marker.exists()
        eventually(lambda: not crew.processes(), within_s=2.0, what="no process of a killed run is left")
        crew.start()
        assert crew.wait(within_s=60) == 0, crew.said()
        assert_nothing_lost(crew, portal, point)
