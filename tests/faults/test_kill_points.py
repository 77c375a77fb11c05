"""A process is killed at each named point of the protocol, once: nothing is lost and nothing comes twice."""

from pathlib import Path

from tabworker.probe import VARIABLE, Point
from tests.support.eventually import eventually
from tests.support.portal import PortalProcess
from tests.support.tabcrew import BrowserlessProcess, TabcrewProcess

WORKER_POINTS = (Point.DUTY_TAKEN, Point.FETCHED, Point.BEFORE_REPORT, Point.MID_REPORT, Point.AFTER_REPORT)
SUPERVISOR_POINTS = (
    Point.SPAWNING,
    Point.LEASED,
    Point.BEFORE_RENAME,
    Point.BEFORE_COMMIT,
    Point.AFTER_COMMIT,
)
"""In the order in which a run comes by: each start of the same run gets one point further."""

SERVED_BEFORE = {
    Point.FETCHED,
    Point.BEFORE_REPORT,
    Point.MID_REPORT,
    Point.BEFORE_RENAME,
    Point.BEFORE_COMMIT,
}
"""A kill at these points loses a document that the portal has served already: it is served once more."""

RECORDS = 6


def armed(points: tuple[Point, ...], folder: Path, signal_name: str = "SIGKILL") -> dict[str, str]:
    return {VARIABLE: "\n".join(f"{point}:{signal_name}:{folder / point}" for point in points)}


def assert_nothing_lost(crew: TabcrewProcess, portal: PortalProcess, *points: Point) -> None:
    assert crew.counts().done == RECORDS
    assert portal.logins() == 1
    served = portal.served()
    assert len(served) == RECORDS
    assert sum(served.values()) == RECORDS + len(SERVED_BEFORE & set(points))
    crew.assert_clean()


def test_nothing_is_lost_when_a_worker_is_killed_at_every_point(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=RECORDS) as portal,
        TabcrewProcess(
            tmp_path,
            portal.url,
            environ=armed(WORKER_POINTS, tmp_path),
            run__workers=1,
            retry__max_worker_deaths=len(WORKER_POINTS)
            + 1,  # a requeued task is next: all may hit the same one
        ) as crew,
    ):
        assert crew.wait(within_s=90) == 0, crew.said()
        assert [point for point in WORKER_POINTS if not (tmp_path / point).exists()] == []
        assert_nothing_lost(crew, portal, *WORKER_POINTS)
        assert crew.query("SELECT sum(charged) FROM tasks") == [(0,)]
        lost = (
            len(WORKER_POINTS) - 1
        )  # after the report the document is ours: that death costs no task anything
        assert crew.query("SELECT count(*) FROM attempts WHERE outcome = 'worker'") == [(lost,)]
        assert crew.query("SELECT sum(deaths) FROM tasks") == [(lost,)]


def test_nothing_is_lost_when_the_supervisor_is_killed_at_every_point(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=RECORDS) as portal,
        BrowserlessProcess(
            tmp_path, portal.url, environ=armed(SUPERVISOR_POINTS, tmp_path), run__workers=1
        ) as crew,
    ):
        for point in SUPERVISOR_POINTS:
            assert crew.wait(within_s=30) == -9, crew.said()
            assert (tmp_path / point).exists()
            eventually(lambda: not crew.processes(), within_s=2.0, what="no process of a killed run is left")
            crew.start()
        assert crew.wait(within_s=30) == 0, crew.said()
        assert_nothing_lost(crew, portal, *SUPERVISOR_POINTS)


def test_half_a_report_is_never_waited_for_when_its_worker_stops_in_it(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=RECORDS) as portal,
        BrowserlessProcess(
            tmp_path,
            portal.url,
            environ=armed((Point.MID_REPORT,), tmp_path, "SIGSTOP"),
            run__workers=2,
            watchdog__heartbeat_timeout_s=3,
        ) as crew,
    ):
        assert crew.wait(within_s=30) == 0, crew.said()
        (kill,) = crew.log("worker_killed")
        assert kill["clock"] == "alive"
        assert_nothing_lost(crew, portal, Point.MID_REPORT)
