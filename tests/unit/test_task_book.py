"""Ledger and schedule moved together: the accounting identity after any history, and late reports refused."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from supervisor.ledger import Ledger
from supervisor.retry import Fail, Quarantine, Requeue, RetryLimits
from supervisor.schedule import Lease
from supervisor.snapshot import Counts
from supervisor.task_book import LateReport, StagedFileMissing, TaskBook
from supervisor.task_states import TaskState
from supervisor.work_dir import WorkDir
from tabworker.failures import FailureClass
from tabworker.messages import Record, staged_document
from tests.support.books import (
    PID,
    SESSION_NO,
    SLOT,
    TIMEOUT_S,
    assert_accounting,
    documents_in,
    failed,
    fetched,
    open_book,
    open_ledger,
    prepared,
    records,
)


class Books(NamedTuple):
    book: TaskBook
    ledger: Ledger
    folder: Path

    def lease(self, now: float = 0.0) -> Lease:
        leased = self.book.lease(SLOT, PID, SESSION_NO, now, TIMEOUT_S)
        assert leased is not None
        return leased[0]


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    """A book of the records A, B and C."""
    with open_book(tmp_path, "ABC") as (book, ledger):
        yield Books(book, ledger, tmp_path)


# --- lease ----------------------------------------------------------------------------------------


def test_lease_bears_all_that_fences_it_when_it_is_given(books: Books) -> None:
    leased = books.book.lease(2, PID, 5, now=10.0, timeout_s=180.0)
    assert leased is not None
    assert leased[0] == Lease(1, "A", 1, 2, leased_at=10.0, deadline_at=190.0, session_no=5)
    assert leased[1] == records("A")[0]
    assert books.book.counts == Counts(accepted=3, pending=2, leased=1)
    assert books.ledger.task("A").state is TaskState.LEASED


def test_no_lease_is_given_when_nothing_is_ready(books: Books) -> None:
    for _ in range(3):
        books.lease()
    assert books.book.lease(SLOT, PID, SESSION_NO, 0.0, TIMEOUT_S) is None
    assert books.book.counts == Counts(accepted=3, leased=3)


def test_epochs_are_never_used_twice_when_a_run_is_resumed(tmp_path: Path) -> None:
    with open_book(tmp_path, "AB") as (book, ledger):
        leased = Books(book, ledger, tmp_path).lease().epoch
    with open_book(tmp_path) as (book, ledger):
        assert book.next_epoch() > leased


@pytest.mark.parametrize(
    ("only", "limit", "scheduled"),
    [((), 0, "ABC"), ((), 2, "AB"), (("C", "A"), 0, "AC"), (("C",), 2, ""), (("nobody",), 0, "")],
)
def test_only_chosen_tasks_are_scheduled_when_the_job_is_limited(
    tmp_path: Path, only: tuple[str, ...], limit: int, scheduled: str
) -> None:
    with open_ledger(tmp_path, "ABC") as ledger:
        book = TaskBook(ledger, WorkDir(tmp_path), RetryLimits())
        assert book.schedule(only, limit) == len(scheduled)
        assert book.work_left == len(scheduled)
        tasks = [Books(book, ledger, tmp_path).lease().task for _ in scheduled]
        assert tasks == list(scheduled)
        assert book.counts == Counts(accepted=3, pending=3 - len(scheduled), leased=len(scheduled))


def test_inventory_is_counted_when_it_is_accepted(tmp_path: Path) -> None:
    work_dir = prepared(tmp_path)
    ledger = Ledger.open(work_dir.ledger)
    book = TaskBook(ledger, work_dir, RetryLimits())
    book.accept(records("A", "B"))
    assert book.counts == Counts(accepted=2, pending=2)
    assert book.work_left == 0  # the caller schedules
    ledger.close()


# --- deliver --------------------------------------------------------------------------------------


def test_document_is_in_place_and_done_when_it_is_delivered(books: Books) -> None:
    lease = books.lease(now=10.0)
    delivery = books.book.deliver(fetched(books.folder, lease.epoch, b"%PDF A"), now=12.5)
    assert (delivery.lease, delivery.name, delivery.same_as) == (lease, "A.pdf", ())
    assert documents_in(books.folder) == {"A.pdf": b"%PDF A"}
    assert not staged_document(WorkDir(books.folder).staging, lease.epoch).exists()
    assert books.book.counts == Counts(accepted=3, pending=2, done=1)
    assert books.ledger.task("A").document == "A.pdf"
    assert (books.book.delivered_this_run, books.book.work_left) == (1, 2)


def test_alarm_is_raised_when_two_records_deliver_the_same_bytes(books: Books) -> None:
    first, second = books.lease(), books.lease()
    assert books.book.deliver(fetched(books.folder, first.epoch, b"%PDF same"), 1.0).same_as == ()
    assert books.book.deliver(fetched(books.folder, second.epoch, b"%PDF same"), 1.0).same_as == ("A",)


def test_documents_get_two_files_when_references_differ_only_in_case(tmp_path: Path) -> None:
    with open_book(tmp_path, ["v-1", "V-1"]) as (book, ledger):
        for _ in range(2):
            book.deliver(fetched(tmp_path, Books(book, ledger, tmp_path).lease().epoch), 1.0)
    assert len({name.casefold() for name in documents_in(tmp_path)}) == 2


def test_documents_keep_their_files_when_the_next_run_delivers_a_twin(tmp_path: Path) -> None:
    with open_book(tmp_path, ["v-1", "V-1"]) as (book, ledger):
        book.deliver(fetched(tmp_path, Books(book, ledger, tmp_path).lease().epoch, b"%PDF first"), 1.0)
    with open_book(tmp_path) as (book, ledger):
        book.deliver(fetched(tmp_path, Books(book, ledger, tmp_path).lease().epoch, b"%PDF second"), 1.0)
    documents = documents_in(tmp_path)
    assert documents.pop("v-1.pdf") == b"%PDF first"
    ((name, content),) = documents.items()
    assert content == b"%PDF second"
    assert name.casefold() != "v-1.pdf"


def test_nothing_changes_when_a_reported_document_is_not_there(books: Books) -> None:
    lease = books.lease()
    report = fetched(books.folder, lease.epoch)
    staged_document(WorkDir(books.folder).staging, lease.epoch).unlink()
    with pytest.raises(StagedFileMissing, match=f"{lease.epoch}.pdf is not there"):
        books.book.deliver(report, 1.0)
    assert books.book.leases == [lease]
    assert books.book.counts == books.ledger.counts() == Counts(accepted=3, pending=2, leased=1)


def test_lease_stays_out_when_the_disk_does_not_take_the_document(books: Books) -> None:
    lease = books.lease()
    report = fetched(books.folder, lease.epoch)
    WorkDir(books.folder).documents.rmdir()
    with pytest.raises(OSError, match="No such file"):
        books.book.deliver(report, 1.0)
    assert books.book.leases == [lease]
    assert books.book.counts == books.ledger.counts() == Counts(accepted=3, pending=2, leased=1)
    WorkDir(books.folder).documents.mkdir()
    assert books.book.deliver(report, 2.0).name == "A.pdf"


# --- late -----------------------------------------------------------------------------------------


def test_late_document_is_refused_and_removed_when_its_lease_was_requeued(books: Books) -> None:
    lost = books.lease()
    report = fetched(books.folder, lost.epoch, b"%PDF late")
    books.book.fail(failed(lost.epoch, FailureClass.WORKER), 1.0)
    again = books.lease()
    assert (again.task, again.attempt) == ("A", 2)
    staged_document(WorkDir(books.folder).staging, lost.epoch).write_bytes(b"%PDF late")
    before = books.book.counts
    with pytest.raises(LateReport, match=f"epoch {lost.epoch}"):
        books.book.deliver(report, 2.0)
    assert books.book.counts == books.ledger.counts() == before
    assert books.book.leases == [again]
    assert documents_in(books.folder) == {}
    assert not staged_document(WorkDir(books.folder).staging, lost.epoch).exists()


def test_late_failure_is_refused_when_the_document_is_there_already(books: Books) -> None:
    lease = books.lease()
    report = fetched(books.folder, lease.epoch)
    books.book.deliver(report, 1.0)
    before = (books.book.counts, documents_in(books.folder))
    for failure in FailureClass:
        with pytest.raises(LateReport):
            books.book.fail(failed(lease.epoch, failure), 2.0)
    with pytest.raises(LateReport):
        books.book.deliver(report, 2.0)
    assert (books.book.counts, documents_in(books.folder)) == before
    assert books.ledger.task("A").state is TaskState.DONE


# --- fail -----------------------------------------------------------------------------------------


def test_task_waits_behind_fresh_work_when_its_attempt_failed_for_now(books: Books) -> None:
    lease = books.lease()
    _, decision = books.book.fail(failed(lease.epoch, FailureClass.TRANSIENT), now=10.0)
    assert isinstance(decision, Requeue)
    assert 0.0 < decision.delay_s <= 2.0
    assert [books.lease(now=10.0).task for _ in range(2)] == ["B", "C"]
    assert books.book.lease(SLOT, PID, SESSION_NO, 10.0, TIMEOUT_S) is None
    assert books.book.ready_at() == 10.0 + decision.delay_s
    assert books.lease(now=12.0).attempt == 2


def test_task_fails_for_good_when_its_retries_are_spent(tmp_path: Path) -> None:
    with open_book(tmp_path, "A") as (book, ledger):
        books = Books(book, ledger, tmp_path)
        decisions = []
        for now in (0.0, 1000.0, 2000.0):
            report = failed(books.lease(now).epoch, FailureClass.TRANSIENT)
            decisions.append(type(book.fail(report, now)[1]))
        assert decisions == [Requeue, Requeue, Fail]
        row = ledger.task("A")
        assert (row.state, row.reason, row.charged) == (TaskState.FAILED, "went wrong", 3)
        assert (book.counts, book.work_left) == (Counts(accepted=1, failed=1), 0)


def test_task_is_quarantined_when_it_took_three_workers_down(books: Books) -> None:
    decisions = []
    for _ in range(3):
        lease = books.lease()
        assert lease.task == "A"  # back at the front each time: its turn had come
        decisions.append(type(books.book.fail(failed(lease.epoch, FailureClass.WORKER), 1.0)[1]))
    assert decisions == [Requeue, Requeue, Quarantine]
    assert books.book.counts == Counts(accepted=3, pending=2, quarantined=1)
    assert books.lease().task == "B"


def test_overriding_class_decides_when_the_supervisor_knows_better(books: Books) -> None:
    lease = books.lease()
    books.book.fail(failed(lease.epoch, FailureClass.TRANSIENT), 1.0, FailureClass.SESSION)
    row = books.ledger.task("A")
    assert (row.charged, row.deaths) == (0, 0)


def test_half_a_document_is_removed_when_its_attempt_failed(books: Books) -> None:
    lease = books.lease()
    staged = staged_document(WorkDir(books.folder).staging, lease.epoch)
    staged.write_bytes(b"%PDF half")
    books.book.fail(failed(lease.epoch, FailureClass.WORKER), 1.0)
    assert not staged.exists()


# --- any history ----------------------------------------------------------------------------------


class TaskBookMachine(RuleBasedStateMachine):
    """Any history of leases, reports, late reports, deaths and restarts of the supervisor itself."""

    REFS = ("v-1", "V-1", "a/b", "a:b", "nul", "車")

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.now = 0.0
        self.out: dict[int, str] = {}
        self.past: set[int] = set()
        self.done: dict[str, bytes] = {}
        self.ended: set[str] = set()

    @initialize(count=st.integers(0, len(REFS)))
    def accept(self, count: int) -> None:
        self.refs = self.REFS[:count]
        self.open()

    def open(self) -> None:
        self.run = self.stack.enter_context(ExitStack())
        limits = RetryLimits(max_retries=1, backoff_s=2.0, max_worker_deaths=2)
        with ExitStack() as opening:
            self.ledger = opening.enter_context(open_ledger(self.folder, self.refs))
            assert set(self.ledger.requeue_leases_of_dead_run()) == set(self.out.values())
            self.run.push(opening.pop_all())
        self.past |= self.out.keys()
        self.out.clear()
        self.book = TaskBook(self.ledger, WorkDir(self.folder), limits)
        self.book.schedule()

    @rule()
    def supervisor_dies_and_starts_again(self) -> None:
        self.run.close()
        self.open()

    @rule(passed_s=st.sampled_from([0.1, 1.0, 5.0]))
    def time_passes(self, passed_s: float) -> None:
        self.now += passed_s

    @rule()
    def lease(self) -> None:
        leased: tuple[Lease, Record] | None = self.book.lease(SLOT, PID, SESSION_NO, self.now, TIMEOUT_S)
        if leased is None:
            return
        lease, record = leased
        assert lease.epoch not in self.out.keys() | self.past
        assert record.ref == lease.task
        assert lease.task not in self.out.values()
        assert lease.task not in self.ended
        self.out[lease.epoch] = lease.task

    @precondition(lambda self: self.out)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        epoch = data.draw(st.sampled_from(sorted(self.out)))
        task = self.out.pop(epoch)
        self.past.add(epoch)
        content = f"%PDF {task} {epoch}".encode()
        delivery = self.book.deliver(fetched(self.folder, epoch, content), self.now)
        self.done[delivery.name] = content
        self.ended.add(task)

    @precondition(lambda self: self.out)
    @rule(data=st.data(), failure=st.sampled_from(FailureClass))
    def fail(self, data: st.DataObject, failure: FailureClass) -> None:
        epoch = data.draw(st.sampled_from(sorted(self.out)))
        task = self.out.pop(epoch)
        self.past.add(epoch)
        _, decision = self.book.fail(failed(epoch, failure), self.now)
        if not isinstance(decision, Requeue):
            self.ended.add(task)

    @precondition(lambda self: self.out)
    @rule(data=st.data())
    def report_a_document_that_is_not_there(self, data: st.DataObject) -> None:
        epoch = data.draw(st.sampled_from(sorted(self.out)))
        report = fetched(self.folder, epoch)
        staged_document(WorkDir(self.folder).staging, epoch).unlink()
        with pytest.raises(StagedFileMissing):
            self.book.deliver(report, self.now)

    @rule(data=st.data(), failure=st.sampled_from(FailureClass))
    def late_report(self, data: st.DataObject, failure: FailureClass) -> None:
        epoch = data.draw(st.sampled_from(sorted(self.past | {0, 10**6})))
        before = self.book.counts
        with pytest.raises(LateReport):
            self.book.deliver(fetched(self.folder, epoch), self.now)
        with pytest.raises(LateReport):
            self.book.fail(failed(epoch, failure), self.now)
        assert self.book.counts == before

    @rule()
    def a_person_retries(self) -> None:
        self.run.close()
        with open_ledger(self.folder) as ledger:
            given_up = set(ledger.tasks_in(TaskState.FAILED, TaskState.QUARANTINED))
            ledger.retry(given_up)
        self.ended -= given_up
        self.open()

    @invariant()
    def the_books_agree(self) -> None:
        counts = self.book.counts
        assert_accounting(counts)
        assert counts == self.ledger.counts()
        assert counts.accepted == len(self.refs)
        assert counts.ended == len(self.ended)
        assert {lease.epoch: lease.task for lease in self.book.leases} == self.out
        assert counts.leased == len(self.out)
        assert self.book.work_left == counts.pending + counts.leased

    @invariant()
    def each_done_task_has_its_own_document(self) -> None:
        assert documents_in(self.folder) == self.done
        assert {name for _, name in self.ledger.documents()} == self.done.keys()
        assert self.book.counts.done == len(self.done)

    def teardown(self) -> None:
        self.stack.close()


TestTaskBookKeepsItsBooksWhenHistoryIsRandom = TaskBookMachine.TestCase
TestTaskBookKeepsItsBooksWhenHistoryIsRandom.settings = settings(
    deadline=None, max_examples=30, stateful_step_count=30
)
