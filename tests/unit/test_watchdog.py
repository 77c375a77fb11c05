"""Who is killed by which clock, exactly at the edge of each limit; and that our own naps kill nobody."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.awake_clock import AwakeClock
from supervisor.watchdog import Clock, Kill, WatchLimits, WorkerView, judge

LIMITS = WatchLimits(heartbeat_timeout_s=10.0, boot_timeout_s=60.0, step_grace_s=5.0)
JUST = 0.001

IDLE = WorkerView(slot=3, pid=4121, started_at=0.0, attached=True, alive_at=1000.0)
BUSY = replace(
    IDLE,
    step="open record",
    step_since=1000.0,
    step_deadline_at=1030.0,
    duty="V-0042, attempt 2",
    deadline_at=1180.0,
)
BOOTING = replace(IDLE, attached=False, started_at=1000.0)


def kill_of(worker: WorkerView, now: float) -> Kill | None:
    kills = judge([worker], LIMITS, now)
    assert len(kills) <= 1
    return kills[0] if kills else None


def clock_of(worker: WorkerView, now: float) -> Clock | None:
    kill = kill_of(worker, now)
    return kill.clock if kill else None


@pytest.mark.parametrize(
    ("worker", "edge", "clock"),
    [
        (BOOTING, 1060.0, Clock.BOOT),
        (IDLE, 1010.0, Clock.ALIVE),
        (BUSY, 1010.0, Clock.ALIVE),
        (replace(BUSY, alive_at=1035.0), 1035.0, Clock.PROGRESS),
        (replace(BUSY, alive_at=1180.0, step="", step_deadline_at=None), 1180.0, Clock.TASK),
        (replace(BUSY, alive_at=1180.0, step_deadline_at=1400.0), 1180.0, Clock.TASK),
    ],
)
def test_worker_is_killed_when_a_clock_passes_its_limit_and_not_before(
    worker: WorkerView, edge: float, clock: Clock
) -> None:
    assert clock_of(worker, edge) is None
    assert clock_of(worker, edge + JUST) is clock


def test_worker_is_spared_when_all_clocks_are_in_time() -> None:
    assert judge([IDLE, BUSY, BOOTING], LIMITS, 1009.0) == []


def test_idle_worker_is_spared_when_an_old_step_of_it_is_late() -> None:
    stale = replace(BUSY, duty="", deadline_at=None, alive_at=5000.0)
    assert kill_of(stale, 5001.0) is None


def test_booting_worker_is_spared_when_it_has_not_yet_beaten() -> None:
    assert kill_of(replace(BOOTING, alive_at=0.0), 1059.0) is None


def test_booting_worker_is_killed_when_it_has_beaten_and_then_froze() -> None:
    frozen = replace(BOOTING, has_beaten=True, alive_at=1001.0)
    assert clock_of(frozen, 1011.0) is None
    assert clock_of(frozen, 1011.0 + JUST) is Clock.ALIVE


def test_late_worker_is_killed_once_when_it_is_late_by_every_clock() -> None:
    late = replace(BUSY, alive_at=0.0)
    kills = judge([late], LIMITS, 9999.0)
    assert [(kill.slot, kill.clock) for kill in kills] == [(3, Clock.ALIVE)]


def test_only_the_late_are_killed_when_a_crew_is_judged() -> None:
    crew = [
        replace(IDLE, slot=1),
        replace(BUSY, slot=2, alive_at=900.0),
        replace(BOOTING, slot=3),
        replace(BOOTING, slot=4, started_at=900.0),
    ]
    kills = judge(crew, LIMITS, 1000.0)
    assert [(kill.slot, kill.clock) for kill in kills] == [(2, Clock.ALIVE), (4, Clock.BOOT)]


@pytest.mark.parametrize(
    ("worker", "now", "reason"),
    [
        (
            BUSY,
            1011.2,
            'worker 3 (pid 4121) sent no heartbeat for 11.2 s (limit 10.0) in step "open record" of V-0042, '
            "attempt 2: killed. Raise [watchdog] heartbeat_timeout_s if this machine is overloaded.",
        ),
        (
            replace(BUSY, alive_at=1040.0),
            1040.0,
            "worker 3 (pid 4121) made no progress for 40.0 s (the step allows 30.0) in step "
            '"open record" of V-0042, attempt 2: killed. Raise [portal] step_timeout_s if this step is slow.',
        ),
        (
            replace(BUSY, alive_at=1181.5, step="", step_deadline_at=None),
            1181.5,
            "worker 3 (pid 4121) is 1.5 s past the deadline of V-0042, attempt 2: killed. "
            "Raise [watchdog] task_timeout_s if this takes longer.",
        ),
        (
            replace(BUSY, alive_at=1181.5, step="", step_deadline_at=None, duty="inventory"),
            1181.5,
            "worker 3 (pid 4121) is 1.5 s past the deadline of inventory: killed. "
            "Raise [watchdog] inventory_timeout_s if this takes longer.",
        ),
        (
            BOOTING,
            1061.0,
            "worker 3 (pid 4121) has not taken its tab after 61.0 s (limit 60.0): killed. "
            "Raise [watchdog] boot_timeout_s if this machine is slow.",
        ),
    ],
)
def test_reason_says_who_what_limit_and_remedy_when_a_worker_is_killed(
    worker: WorkerView, now: float, reason: str
) -> None:
    kill = kill_of(worker, now)
    assert kill is not None
    assert kill.reason == reason


def seen_through(clock: AwakeClock, worker: WorkerView) -> WorkerView:
    """A worker's own stamps on the awake clock, as the loop maps them; the loop's are awake already."""
    late_at = worker.step_deadline_at
    return replace(
        worker,
        alive_at=clock.awake(worker.alive_at),
        step_since=clock.awake(worker.step_since),
        step_deadline_at=None if late_at is None else clock.awake_deadline(worker.step_since, late_at),
    )


@pytest.mark.parametrize("worker", [BOOTING, IDLE, BUSY])
@pytest.mark.parametrize("nap_s", [5.0, 33.0, 7200.0])
def test_nobody_is_killed_when_the_machine_was_suspended(worker: WorkerView, nap_s: float) -> None:
    clock = AwakeClock(1000.0)
    clock.turn(1001.0)
    woke_at = 1001.0 + nap_s
    clock.turn(woke_at)
    assert kill_of(seen_through(clock, worker), clock.awake(woke_at)) is None


def test_worker_gets_the_rest_of_its_step_when_the_nap_is_over() -> None:
    clock = AwakeClock(1000.0)
    clock.turn(1001.0)
    clock.turn(1101.0)
    edge = 1135.0  # its step of 30 s and the grace of 5 s, and the nap of 100 s on top
    for now, clock_late in ((edge, None), (edge + JUST, Clock.PROGRESS)):
        beating = replace(BUSY, alive_at=now)
        assert clock_of(seen_through(clock, beating), clock.awake(now)) is clock_late


@settings(deadline=None)
@given(
    now=st.floats(0, 2000),
    started_at=st.floats(0, 2000),
    attached=st.booleans(),
    has_beaten=st.booleans(),
    alive_at=st.floats(0, 2000),
    step_deadline_at=st.none() | st.floats(1, 2000),
    deadline_at=st.none() | st.floats(1, 2000),
    duty=st.sampled_from(["", "V-1, attempt 1"]),
)
def test_watchdog_kills_only_the_late_when_views_are_random(
    now: float,
    started_at: float,
    attached: bool,
    has_beaten: bool,
    alive_at: float,
    step_deadline_at: float | None,
    deadline_at: float | None,
    duty: str,
) -> None:
    worker = WorkerView(
        slot=1,
        pid=None,
        started_at=started_at,
        attached=attached,
        alive_at=alive_at,
        has_beaten=has_beaten,
        step_deadline_at=step_deadline_at,
        duty=duty,
        deadline_at=deadline_at,
    )
    late = {
        Clock.BOOT: not attached and now - started_at > 60.0,
        Clock.ALIVE: (attached or has_beaten) and now - alive_at > 10.0,
        Clock.PROGRESS: attached
        and bool(duty)
        and step_deadline_at is not None
        and now > step_deadline_at + 5.0,
        Clock.TASK: attached and bool(duty) and deadline_at is not None and now > deadline_at,
    }
    kill = kill_of(worker, now)
    assert (kill is not None) is any(late.values())
    assert kill is None or late[kill.clock]


def test_worker_that_waits_for_a_person_lives_as_long_as_it_goes_on_looking() -> None:
    looking = replace(BUSY, step="wait for the sign-in by hand", duty="sign-in", deadline_at=float("inf"))
    for hour in range(1, 100):
        now = 1000.0 + 3600 * hour
        fresh = replace(looking, alive_at=now, step_since=now, step_deadline_at=now + 30)
        assert kill_of(fresh, now + 1) is None
    stuck = replace(looking, alive_at=9000.0, step_since=8000.0, step_deadline_at=8030.0)
    assert clock_of(stuck, 9000.0) is Clock.PROGRESS
