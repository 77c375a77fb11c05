"""A crew of real processes that misbehave: what they said is heard, and nobody else is hurt."""

import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from chrome_launcher.process_tree import ProcessIdentity
from supervisor.crew import Died, Gone, Reported, WorkerState
from supervisor.watchdog import Clock, WatchLimits
from tabworker.messages import DocumentFetched
from tests.support import bad_workers
from tests.support.crew_bench import CrewBench
from tests.support.eventually import eventually

RESPAWNS = int(os.environ.get("TABCREW_TEST_RESPAWNS", "30"))
"""`make soak` asks for 2,000."""

MOST_MB = 4.0
"""What the supervisor's memory may grow by over them; measured: 0.1 over a hundred."""

LIMITS = WatchLimits(heartbeat_timeout_s=1.0, boot_timeout_s=20.0, step_grace_s=0.3)


def delivered(bench: CrewBench) -> list[int]:
    return [
        e.report.epoch
        for e in bench.events
        if isinstance(e, Reported) and isinstance(e.report, DocumentFetched)
    ]


def test_worker_delivers_when_it_is_given_a_duty(tmp_path: Path) -> None:
    with CrewBench(tmp_path, bad_workers.good) as bench:
        worker = bench.idle_worker()
        epochs = []
        for _ in range(3):
            epochs.append(bench.give(worker))
            bench.turn_until(lambda: worker.state is WorkerState.IDLE, within_s=5)
        assert delivered(bench) == epochs


def test_report_is_heard_when_its_worker_dies_right_after_it(tmp_path: Path) -> None:
    with CrewBench(tmp_path, bad_workers.dies_right_after_its_report) as bench:
        epoch = bench.give(bench.idle_worker())
        bench.wait_for(Gone)
        assert delivered(bench) == [epoch]
        kinds = [type(event) for event in bench.events]
        assert kinds.index(Gone) > len(kinds) - 1 - kinds[::-1].index(Reported)


def test_loop_does_not_block_when_a_worker_stops_in_mid_report(tmp_path: Path) -> None:
    with CrewBench(tmp_path, bad_workers.stops_in_mid_report) as bench:
        worker = bench.idle_worker()
        bench.give(worker)
        kill = bench.wait_for_kill(worker, LIMITS, within_s=5)
        assert kill.clock is Clock.ALIVE
        bench.crew.dismiss(worker, kill.reason, None)
        bench.wait_for(Gone)
        assert delivered(bench) == []


def test_result_counts_once_when_its_frozen_worker_wakes_up_just_before_the_kill(tmp_path: Path) -> None:
    with CrewBench(tmp_path, bad_workers.wakes_up_and_reports) as bench:
        worker = bench.idle_worker()
        epoch = bench.give(worker)
        kill = bench.wait_for_kill(worker, LIMITS, within_s=5)
        os.kill(worker.pid, signal.SIGCONT)
        bench.turn_until(lambda: bool(delivered(bench)), within_s=5)
        bench.crew.dismiss(worker, kill.reason, None)
        bench.wait_for(Gone)
        assert delivered(bench) == [epoch]
        assert worker.assignment is None  # so that its end takes nobody's task back


def test_busy_worker_stays_busy_when_it_reports_what_is_nobodys_any_more(tmp_path: Path) -> None:
    with CrewBench(tmp_path, bad_workers.reports_an_old_epoch) as bench:
        worker = bench.idle_worker()
        epoch = bench.give(worker)
        bench.turn_until(lambda: bool(delivered(bench)), within_s=5)
        assert delivered(bench) == [epoch - 1]
        assert worker.state is WorkerState.BUSY
        assert worker.assignment is not None
        assert worker.assignment.epoch == epoch


@pytest.mark.parametrize(
    ("body", "how"),
    [
        (bad_workers.ends_with_exit_code_0, "exit code 0"),
        (bad_workers.segfaults, "signal 11"),
        (bad_workers.dies_at_boot, "exit code 1"),
    ],
)
def test_death_is_seen_at_once_with_its_cause(tmp_path: Path, body: Callable[..., None], how: str) -> None:
    with CrewBench(tmp_path, body) as bench:
        if body is bad_workers.dies_at_boot:
            bench.spawn()
        else:
            bench.give(bench.idle_worker())
        assert how in bench.wait_for(Died).how
        bench.wait_for(Gone)


@pytest.mark.parametrize(
    ("body", "clock"),
    [
        (bad_workers.sleeps_in_a_step, Clock.PROGRESS),
        (bad_workers.reads_for_ever_in_a_step, Clock.PROGRESS),
        (bad_workers.spins_in_a_step, Clock.PROGRESS),
        (bad_workers.holds_the_gil, Clock.ALIVE),
        (bad_workers.is_stopped, Clock.ALIVE),
    ],
)
def test_hang_is_noticed_by_the_right_clock_and_its_stacks_are_kept(
    tmp_path: Path, body: Callable[..., None], clock: Clock
) -> None:
    with CrewBench(tmp_path, body) as bench:
        worker = bench.idle_worker()
        bench.give(worker)
        kill = bench.wait_for_kill(worker, LIMITS, within_s=6)
        assert kill.clock is clock
        bench.crew.dismiss(worker, kill.reason, None, dump=True)
        bench.wait_for(Gone)
        if body is not bad_workers.is_stopped:  # a stopped process can tell nothing
            assert body.__name__ in (tmp_path / "worker-1.out").read_text()


def test_nonsense_in_a_report_is_skipped_and_the_next_report_heard(tmp_path: Path) -> None:
    with CrewBench(tmp_path, bad_workers.says_nonsense) as bench:
        worker = bench.idle_worker()
        epoch = bench.give(worker)
        bench.turn_until(lambda: worker.state is WorkerState.IDLE, within_s=5)
        assert delivered(bench) == [epoch]


def test_orphans_of_a_worker_are_killed_with_it(tmp_path: Path) -> None:
    with CrewBench(tmp_path, bad_workers.starts_a_child_and_dies) as bench:
        worker = bench.idle_worker()
        pid = worker.process.pid
        bench.give(worker)
        bench.wait_for(Gone)
        left = []
        for process in psutil.process_iter():
            try:
                if os.getsid(process.pid) == pid and process.status() != psutil.STATUS_ZOMBIE:
                    left.append(process)
            except (ProcessLookupError, psutil.Error):
                continue
        assert left == []


def test_respawns_leave_no_descriptor_thread_or_zombie(tmp_path: Path) -> None:
    threads = threading.active_count()
    with CrewBench(tmp_path, bad_workers.good) as bench:

        def respawn(number: int) -> None:
            """Most die while they boot; every tenth has its tab, and dies over a duty."""
            worker = bench.spawn() if number % 10 else bench.idle_worker()
            if worker.state is WorkerState.IDLE:
                bench.give(worker)
            os.kill(worker.pid, signal.SIGKILL)
            bench.turn_until(lambda: bench.crew.in_slot(1) is None, within_s=10)
            bench.events.clear()  # they hold the workers, and with them their shared clocks

        def held() -> tuple[int, int]:
            gc.collect()  # what earlier tests left in cycles still holds descriptors
            # The feeder thread of the last inbox may be a moment from its end, and closes its pipe with it.
            eventually(lambda: threading.active_count() <= threads, within_s=5, what="no thread more")
            return psutil.Process().num_fds(), len(psutil.Process().children())

        for number in range(11):
            respawn(number)
        before, memory_mb = held(), psutil.Process().memory_info().rss / 2**20
        for number in range(RESPAWNS):
            respawn(number)
        assert held() == before
        grown_mb = psutil.Process().memory_info().rss / 2**20 - memory_mb
        assert grown_mb < MOST_MB


def test_workers_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    supervisor = supervisor_with_two_workers(tmp_path)
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    supervisor.kill()
    supervisor.wait()
    eventually(lambda: not any(is_alive(pid) for pid in pids), within_s=2, what="the workers are gone")


def is_alive(pid: int) -> bool:
    return ProcessIdentity.of(pid) is not None


def supervisor_with_two_workers(folder: Path) -> "subprocess.Popen[bytes]":
    """In a process of its own; both workers are attached when this returns."""
    code = (
        "import sys, time, pathlib; from tests.support.crew_bench import CrewBench; "
        "from tests.support import bad_workers; folder = pathlib.Path(sys.argv[1]); "
        "bench = CrewBench(folder, bad_workers.good); "
        "pids = [bench.idle_worker(slot).pid for slot in (1, 2)]; "
        "(folder / 'pids').write_text(' '.join(map(str, pids))); time.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(folder)], cwd=Path(__file__).parents[2])
    eventually((folder / "pids").exists, within_s=20, what="two workers are attached")
    return process
