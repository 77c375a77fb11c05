"""The order of work, and that a task stands in exactly one place whatever happens to it."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from supervisor.schedule import Lease, Schedule


def lease(epoch: int, task: str = "A") -> Lease:
    return Lease(epoch, task, attempt=1, slot=1, leased_at=0.0, deadline_at=180.0, session_no=1)


def drained(schedule: Schedule, now: float) -> list[str]:
    """Every task that is ready at ``now``, in its order."""
    taken = []
    while (task := schedule.next_task(now)) is not None:
        taken.append(task)
    return taken


def test_tasks_go_in_the_order_of_the_inventory_when_all_are_fresh() -> None:
    schedule = Schedule()
    schedule.accept(["A", "B"])
    schedule.accept(["C"])
    assert drained(schedule, now=0.0) == ["A", "B", "C"]


def test_task_goes_first_when_it_lost_its_worker() -> None:
    schedule = Schedule()
    schedule.accept(["A", "B"])
    for task in ("X", "Y"):
        schedule.requeue_in_front(task)
    assert drained(schedule, now=0.0) == ["X", "Y", "A", "B"]


def test_retry_goes_behind_fresh_work_when_its_backoff_is_over_already() -> None:
    schedule = Schedule()
    schedule.accept(["A", "B"])
    schedule.requeue("X", now=0.0, delay_s=1.0)
    assert drained(schedule, now=99.0) == ["A", "B", "X"]


@pytest.mark.parametrize(("now", "ready"), [(10.0 + 4.999, []), (10.0 + 5.0, ["X"])])
def test_retry_is_ready_when_its_delay_is_over_and_not_before(now: float, ready: list[str]) -> None:
    schedule = Schedule()
    schedule.requeue("X", now=10.0, delay_s=5.0)
    assert drained(schedule, now) == ready


def test_retries_go_by_their_backoff_when_several_wait() -> None:
    schedule = Schedule()
    for task, delay_s in (("late", 9.0), ("soon", 1.0), ("tie 1", 5.0), ("tie 2", 5.0)):
        schedule.requeue(task, now=0.0, delay_s=delay_s)
    assert drained(schedule, now=10.0) == ["soon", "tie 1", "tie 2", "late"]


def test_ready_instant_is_known_when_tasks_wait_or_not() -> None:
    schedule = Schedule()
    assert schedule.ready_at() is None
    schedule.requeue("X", now=10.0, delay_s=5.0)
    assert schedule.ready_at() == 15.0
    assert not schedule.is_retry_next(15.0 - 0.001)
    assert schedule.is_retry_next(15.0)
    schedule.requeue_in_front("Y")
    assert schedule.ready_at() == 0.0


def test_lease_is_settled_once_when_two_reports_of_its_epoch_come() -> None:
    schedule = Schedule()
    schedule.grant(lease(7))
    assert schedule.lease_of(7) == lease(7)
    assert schedule.settle(7) == lease(7)
    assert schedule.settle(7) is None
    assert schedule.lease_of(7) is None
    assert schedule.leases == []


def test_lease_stays_out_when_a_report_of_another_epoch_comes() -> None:
    schedule = Schedule()
    schedule.grant(lease(7))
    assert schedule.settle(6) is None
    assert schedule.leases == [lease(7)]


class ScheduleMachine(RuleBasedStateMachine):
    """Any sequence of events against a model that knows where each task is and when it may run."""

    def __init__(self) -> None:
        super().__init__()
        self.schedule = Schedule()
        self.now = 100.0
        self.accepted = 0
        self.not_before: dict[str, float] = {}
        self.out: dict[int, str] = {}
        self.ended: set[str] = set()
        self.epoch = 0

    @rule(count=st.integers(0, 6))
    def accept(self, count: int) -> None:
        tasks = [f"V-{self.accepted + n}" for n in range(count)]
        self.accepted += count
        self.schedule.accept(tasks)
        self.not_before |= dict.fromkeys(tasks, 0.0)

    @rule(passed_s=st.floats(0.0, 30.0))
    def time_passes(self, passed_s: float) -> None:
        self.now += passed_s

    @rule()
    def lease_next(self) -> None:
        task = self.schedule.next_task(self.now)
        ready = {task for task, instant in self.not_before.items() if instant <= self.now}
        assert (task in ready) if ready else (task is None)
        if task is not None:
            del self.not_before[task]
            self.epoch += 1
            self.schedule.grant(lease(self.epoch, task))
            self.out[self.epoch] = task

    @precondition(lambda self: self.out)
    @rule(data=st.data(), delay_s=st.sampled_from([0.0, 0.5, 3.0, 20.0]))
    def requeue(self, data: st.DataObject, delay_s: float) -> None:
        epoch = data.draw(st.sampled_from(sorted(self.out)))
        task = self.out.pop(epoch)
        settled = self.schedule.settle(epoch)
        assert settled is not None
        assert settled.task == task
        self.schedule.requeue(task, self.now, delay_s)
        self.not_before[task] = self.now + delay_s

    @precondition(lambda self: self.out)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        epoch = data.draw(st.sampled_from(sorted(self.out)))
        assert self.schedule.settle(epoch) is not None
        self.ended.add(self.out.pop(epoch))

    @rule(data=st.data())
    def late_report(self, data: st.DataObject) -> None:
        epoch = data.draw(st.integers(0, self.epoch + 3).filter(lambda epoch: epoch not in self.out))
        assert self.schedule.settle(epoch) is None

    @invariant()
    def every_task_is_in_exactly_one_place(self) -> None:
        assert self.schedule.pending == len(self.not_before)
        assert {one.epoch: one.task for one in self.schedule.leases} == self.out
        assert self.accepted == len(self.not_before) + len(self.out) + len(self.ended)

    @invariant()
    def the_next_ready_instant_is_the_models(self) -> None:
        expected = min(self.not_before.values(), default=None)
        assert self.schedule.ready_at() == expected

    def teardown(self) -> None:
        left = drained(self.schedule, now=float("inf"))
        assert sorted(left) == sorted(self.not_before)


TestScheduleKeepsItsBooksWhenEventsAreRandom = ScheduleMachine.TestCase
TestScheduleKeepsItsBooksWhenEventsAreRandom.settings = settings(
    deadline=None, max_examples=60, stateful_step_count=30
)
