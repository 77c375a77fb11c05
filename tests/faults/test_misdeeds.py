"""Whatever an adapter does to its own worker hurts that attempt alone, and the ledger says what it was."""

from pathlib import Path

from tests.support import misdeeds
from tests.support.portal import PortalProcess
from tests.support.tabcrew import BrowserlessProcess

DEEDS = {
    "V-0001": "exits_with_code_0",
    "V-0002": "segfaults",
    "V-0003": "runs_out_of_memory",
    "V-0004": "raises_unpicklable",
    "V-0005": "holds_the_gil",
    "V-0006": "sleeps",
    "V-0007": "leaves_by_system_exit",
    "V-0008": "reports_for_another",
    "V-0009": "always:kills_itself",
}
POISON = "V-0009"
RECORDS = 14
HOW = {
    "V-0001": ("worker", "ended with exit code 0"),
    "V-0002": ("worker", "was killed by signal 11"),
    "V-0003": ("transient", "MemoryError"),
    "V-0004": ("transient", "Unpicklable"),
    "V-0005": ("worker", "sent no heartbeat for"),
    "V-0006": ("worker", "made no progress for"),
    "V-0007": ("worker", "worker"),  # its pipe ends before its exit code is there: either may be told
    POISON: ("worker", "was killed by signal 9"),
}
"""What the ledger must say of the first attempt: whose fault it was, and how that showed."""


def test_adapter_that_ruins_its_worker_ruins_one_attempt(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=RECORDS) as portal,
        BrowserlessProcess(
            tmp_path,
            portal.url,
            environ=misdeeds.environ(tmp_path / "done", DEEDS),
            run__workers=4,
            watchdog__heartbeat_timeout_s=3,
            watchdog__max_restarts=50,
            retry__backoff_s=0.2,
        ) as crew,
    ):
        assert crew.wait(within_s=60) == 3, crew.said()
        crew.assert_clean()
        assert crew.query("SELECT id, state FROM tasks WHERE state <> 'done'") == [(POISON, "quarantined")]
        assert crew.query("SELECT deaths, tries, charged FROM tasks WHERE id = ?", POISON) == [(3, 3, 0)]
        assert portal.logins() == 1
        assert portal.served() == {f"V-{n:04}": 1 for n in range(1, RECORDS + 1) if f"V-{n:04}" != POISON}
        first = {
            task: (outcome, reason)
            for task, outcome, reason in crew.query(
                "SELECT task, outcome, reason FROM attempts WHERE number = 1 AND outcome <> 'delivered'"
            )
        }
        assert {task: outcome for task, (outcome, _) in first.items()} == {t: o for t, (o, _) in HOW.items()}
        for task, (_, how) in HOW.items():
            assert how in first[task][1], first[task]
        assert [line["clock"] for line in crew.log("worker_killed")] == ["alive", "progress"]
        (late,) = crew.log("late_report")
        assert "epoch 1" in late["text"]
        stacks = "".join(path.read_text() for path in (crew.work_dir / "logs").glob("worker-*.out"))
        assert "in sleeps" in stacks
        assert "in holds_the_gil" in stacks
        assert "in segfaults" in stacks


def test_run_halts_without_a_storm_when_workers_crash_at_boot(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=2) as portal,
        BrowserlessProcess(
            tmp_path,
            portal.url,
            environ=misdeeds.environ(tmp_path / "done", {misdeeds.BOOT: "always:segfaults"}),
            run__workers=5,
        ) as crew,
    ):
        assert crew.wait(within_s=30) == 7, crew.said()
        assert "3 workers in a row ended before they took their tab" in crew.said()
        assert len(crew.log("worker_died")) == 3
        assert portal.audit() == []
        crew.assert_clean()


def test_run_goes_on_when_workers_are_killed_from_outside_while_they_boot(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=2) as portal,
        BrowserlessProcess(
            tmp_path,
            portal.url,
            environ=misdeeds.environ(tmp_path / "done", {misdeeds.BOOT: "always:is_killed_four_times"}),
            run__workers=1,
        ) as crew,
    ):
        assert crew.wait(within_s=30) == 0, crew.said()
        assert len(crew.log("worker_died")) == 4
        assert portal.logins() == 1
        crew.assert_clean()
