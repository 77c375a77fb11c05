"""The durable record: one writer, whole transactions, a crash in the middle of one, damage."""

import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from supervisor.ledger import AttemptEnd, DocumentRow, Ledger, LedgerError, LedgerLocked
from supervisor.snapshot import Counts
from supervisor.task_states import IllegalTransition, TaskEvent, TaskState
from tabworker.messages import Record
from tests.support.books import assert_accounting, records

ROOT = Path(__file__).parents[2]
DOCUMENT = DocumentRow("A.pdf", "ab" * 32, 1234, 2)
DELIVERED = AttemptEnd("delivered", 1.25)
TIMED_OUT = AttemptEnd("transient", 30.0, "open record", "the page took too long", ("A-attempt-1.png",))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    """A ledger with the records A, B and C."""
    opened = Ledger.open(path)
    opened.accept(records("A", "B", "C"))
    yield opened
    opened.close()


def everything_in(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows, read by a connection of our own: the ledger must be closed."""
    connection = sqlite3.connect(path)
    try:
        tables = ("meta", "tasks", "attempts")
        return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
    finally:
        connection.close()


# --- inventory ------------------------------------------------------------------------------------


def test_ledger_is_empty_when_it_is_new(path: Path) -> None:
    fresh = Ledger.open(path)
    assert fresh.counts() == Counts()
    assert not fresh.inventory_complete
    assert fresh.last_epoch() == 0
    fresh.close()


def test_records_come_back_as_they_were_when_their_cells_hold_anything(path: Path) -> None:
    odd = Record("V-ä/1", {"Größe": 'a"b\n', "": "\u2028", "x": "'; DROP TABLE tasks; --"})
    first = Ledger.open(path)
    first.accept([odd])
    first.close()
    second = Ledger.open(path)
    assert second.inventory_complete
    assert second.task("V-ä/1").record == odd
    assert second.counts() == Counts(accepted=1, pending=1)
    second.close()


def test_inventory_is_taken_whole_or_not_at_all_when_a_record_comes_twice(path: Path) -> None:
    fresh = Ledger.open(path)
    with pytest.raises(LedgerError, match="UNIQUE"):
        fresh.accept(records("A", "B", "A"))
    assert fresh.counts() == Counts()
    assert not fresh.inventory_complete
    fresh.accept(records("A", "B"))
    assert fresh.counts().accepted == 2
    fresh.close()


def test_inventory_is_not_taken_when_its_reading_breaks_off(path: Path) -> None:
    def broken() -> Iterator[Record]:
        yield Record("A")
        raise EOFError("half an inventory")

    fresh = Ledger.open(path)
    with pytest.raises(EOFError, match="half an inventory"):
        fresh.accept(broken())
    assert fresh.counts() == Counts()
    assert not fresh.inventory_complete
    fresh.close()


def test_tasks_are_listed_in_the_order_of_the_inventory_when_states_are_mixed(ledger: Ledger) -> None:
    ledger.lease("A", 1, 1, None)
    assert list(ledger.tasks_in(TaskState.PENDING)) == ["B", "C"]
    assert list(ledger.tasks_in(TaskState.PENDING, TaskState.LEASED)) == ["A", "B", "C"]
    assert list(ledger.tasks_in(TaskState.PENDING, first=2)) == ["B"]
    assert list(ledger.tasks_in(TaskState.DONE)) == []


def test_ledger_knows_its_records_when_asked(ledger: Ledger) -> None:
    assert ledger.knows("A")
    assert not ledger.knows("a")
    with pytest.raises(KeyError):
        ledger.task("nobody")


# --- transitions ----------------------------------------------------------------------------------


def test_attempts_are_numbered_from_one_when_a_task_is_leased_again(ledger: Ledger) -> None:
    assert ledger.lease("A", 10, slot=1, pid=4121) == 1
    ledger.requeue("A", 10, TIMED_OUT, charged=True, death=False)
    assert ledger.lease("A", 11, slot=2, pid=4122) == 2
    assert ledger.lease("B", 12, slot=1, pid=None) == 1
    assert ledger.last_epoch() == 12
    assert ledger.task("A").tries == 2


def test_attempts_are_kept_when_a_task_ends(ledger: Ledger, path: Path) -> None:
    ledger.lease("A", 1, slot=1, pid=4121)
    ledger.requeue("A", 1, TIMED_OUT, charged=True, death=False)
    ledger.lease("A", 2, slot=3, pid=4125)
    ledger.deliver("A", 2, DOCUMENT, DELIVERED)
    row = ledger.task("A")
    ledger.close()
    first, second = everything_in(path)["attempts"]
    assert first[:5] == (1, "A", 1, 1, 4121)
    assert first[7:] == (30.0, "transient", "open record", "the page took too long", '["A-attempt-1.png"]')
    assert second[:5] == (2, "A", 2, 3, 4125)
    assert second[7:] == (1.25, "delivered", None, None, None)
    assert (row.state, row.document, row.charged) == (TaskState.DONE, "A.pdf", 1)


@pytest.mark.parametrize(
    ("charged", "death", "past"), [(True, False, (1, 0)), (False, True, (0, 1)), (False, False, (0, 0))]
)
def test_requeue_counts_what_was_its_fault_when_an_attempt_failed(
    ledger: Ledger, charged: bool, death: bool, past: tuple[int, int]
) -> None:
    ledger.lease("A", 1, 1, None)
    ledger.requeue("A", 1, TIMED_OUT, charged=charged, death=death)
    row = ledger.task("A")
    assert (row.state, row.charged, row.deaths) == (TaskState.PENDING, *past)


@pytest.mark.parametrize(
    ("event", "state", "past"),
    [(TaskEvent.FAIL, TaskState.FAILED, (1, 0)), (TaskEvent.QUARANTINE, TaskState.QUARANTINED, (0, 1))],
)
def test_task_keeps_its_reason_when_it_is_given_up(
    ledger: Ledger, event: TaskEvent, state: TaskState, past: tuple[int, int]
) -> None:
    ledger.lease("A", 1, 1, None)
    ledger.give_up("A", 1, event, TIMED_OUT)
    row = ledger.task("A")
    assert (row.state, row.reason, row.charged, row.deaths) == (state, "the page took too long", *past)


def test_past_is_forgiven_when_a_person_retries(ledger: Ledger, path: Path) -> None:
    for epoch, (task, event) in enumerate((("A", TaskEvent.FAIL), ("B", TaskEvent.QUARANTINE)), start=1):
        ledger.lease(task, epoch, 1, None)
        ledger.give_up(task, epoch, event, TIMED_OUT)
    # The very cursor that lists them: the rows change while it runs.
    ledger.retry(ledger.tasks_in(TaskState.FAILED, TaskState.QUARANTINED))
    for task in ("A", "B"):
        row = ledger.task(task)
        assert (row.state, row.charged, row.deaths, row.reason) == (TaskState.PENDING, 0, 0, None)
        assert row.tries == 1
    assert ledger.counts() == Counts(accepted=3, pending=3)
    ledger.close()
    assert len(everything_in(path)["attempts"]) == 2


Event = Callable[[Ledger], object]
ILLEGAL: dict[str, Event] = {
    "deliver a pending task": lambda ledger: ledger.deliver("B", 1, DOCUMENT, DELIVERED),
    "requeue a pending task": lambda ledger: ledger.requeue("B", 1, TIMED_OUT, charged=True, death=True),
    "fail a pending task": lambda ledger: ledger.give_up("B", 1, TaskEvent.FAIL, TIMED_OUT),
    "lease a leased task": lambda ledger: ledger.lease("A", 2, 1, None),
    "retry a leased task": lambda ledger: ledger.retry(["A"]),
    "retry one of two": lambda ledger: ledger.retry(["F", "A"]),
    "lease a done task": lambda ledger: ledger.lease("D", 9, 1, None),
    "retry a done task": lambda ledger: ledger.retry(["D"]),
    "deliver a failed task": lambda ledger: ledger.deliver("F", 1, DOCUMENT, DELIVERED),
}


@pytest.mark.parametrize("name", ILLEGAL)
def test_ledger_stays_as_it_was_when_an_event_is_illegal(path: Path, name: str) -> None:
    ledger = Ledger.open(path)
    ledger.accept(records("A", "B", "D", "F"))
    ledger.lease("A", 1, 1, None)
    ledger.lease("D", 3, 1, None)
    ledger.deliver("D", 3, replace(DOCUMENT, name="D.pdf"), DELIVERED)
    ledger.lease("F", 4, 1, None)
    ledger.give_up("F", 4, TaskEvent.FAIL, TIMED_OUT)
    ledger.close()
    before = everything_in(path)
    ledger = Ledger.open(path)
    with pytest.raises(IllegalTransition):
        ILLEGAL[name](ledger)
    ledger.close()
    assert everything_in(path) == before


def test_ledger_refuses_when_two_tasks_claim_the_same_file(ledger: Ledger) -> None:
    ledger.lease("A", 1, 1, None)
    ledger.deliver("A", 1, DOCUMENT, DELIVERED)
    ledger.lease("B", 2, 1, None)
    with pytest.raises(LedgerError, match="UNIQUE"):
        ledger.deliver("B", 2, DOCUMENT, DELIVERED)
    assert ledger.task("B").state is TaskState.LEASED


def test_same_bytes_are_noticed_when_two_tasks_deliver_them(ledger: Ledger) -> None:
    for epoch, task in enumerate(("A", "B"), start=1):
        ledger.lease(task, epoch, 1, None)
        ledger.deliver(task, epoch, replace(DOCUMENT, name=f"{task}.pdf"), DELIVERED)
    assert ledger.others_with_content(DOCUMENT.sha256, "B") == ["A"]
    assert ledger.others_with_content("cd" * 32, "B") == []
    assert sorted(ledger.documents()) == [("A", "A.pdf"), ("B", "B.pdf")]


def test_meta_is_replaced_when_it_is_set_again(ledger: Ledger) -> None:
    assert ledger.get_meta("run_id") is None
    ledger.set_meta("run_id", "one")
    ledger.set_meta("run_id", "two")
    assert ledger.get_meta("run_id") == "two"


# --- death ----------------------------------------------------------------------------------------


def test_leases_of_a_dead_supervisor_return_when_the_next_one_starts(ledger: Ledger, path: Path) -> None:
    ledger.lease("B", 7, 1, None)
    ledger.lease("C", 8, 2, None)
    ledger.close()
    again = Ledger.open(path)
    assert again.requeue_leases_of_dead_run() == ["B", "C"]
    assert again.requeue_leases_of_dead_run() == []
    assert again.counts() == Counts(accepted=3, pending=3)
    assert (again.task("B").charged, again.task("B").deaths, again.task("B").tries) == (0, 0, 1)
    assert again.last_epoch() == 8
    again.close()
    assert [row[8:11] for row in everything_in(path)["attempts"]] == [
        ("ours", None, "the supervisor died")
    ] * 2


def died_in(path: Path, body: str) -> None:
    """Run ``body`` with ``ledger`` open in a process that then dies without a chance to tidy up."""
    code = (
        "import os, sys\nfrom pathlib import Path\n"
        "from supervisor.ledger import *\nfrom tabworker.messages import Record\n"
        "ledger = Ledger.open(Path(sys.argv[1]))\n" + body + "\nos._exit(99)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 77


def test_ledger_holds_nothing_of_the_inventory_when_its_writer_dies_in_the_middle(path: Path) -> None:
    died_in(
        path,
        "def records():\n"
        "    for number in range(5000):\n"  # more than the page cache's spill threshold would keep back
        "        yield Record(f'V-{number}', {'x': 'y' * 2000})\n"
        "    os._exit(77)\n"
        "ledger.accept(records())",
    )
    after = Ledger.open(path)
    assert after.counts() == Counts()
    assert not after.inventory_complete
    after.accept(records("A"))
    after.close()


def test_ledger_holds_what_was_committed_when_its_writer_dies_in_the_next_transaction(path: Path) -> None:
    died_in(
        path,
        "ledger.accept([Record('A'), Record('B'), Record('C')])\n"
        "ledger.lease('A', 1, 1, None)\n"
        "ledger.deliver('A', 1, DocumentRow('A.pdf', 'ab', 9, 1), AttemptEnd('delivered', 1.0))\n"
        "ledger.lease('B', 2, 1, None)\n"
        "def refs():\n"
        "    os._exit(77)\n"
        "    yield\n"
        "ledger.retry(refs())",
    )
    after = Ledger.open(path)
    assert after.counts() == Counts(accepted=3, pending=1, leased=1, done=1)
    assert after.requeue_leases_of_dead_run() == ["B"]
    assert_accounting(after.counts())
    after.close()


# --- one writer, damage ---------------------------------------------------------------------------


def test_second_supervisor_is_refused_when_the_ledger_is_open_in_this_process(ledger: Ledger) -> None:
    with pytest.raises(LedgerLocked, match=f"{ledger.path} is in use by another supervisor"):
        Ledger.open(ledger.path)
    ledger.lease("A", 1, 1, None)  # the first goes on undisturbed


def test_second_supervisor_is_refused_when_it_is_another_process(ledger: Ledger) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom supervisor.ledger import *\n"
        "try:\n    Ledger.open(Path(sys.argv[1]))\nexcept LedgerLocked:\n    sys.exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(ledger.path)], cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 9
    ledger.lease("A", 1, 1, None)


def test_nobody_else_can_read_when_the_ledger_is_open(ledger: Ledger) -> None:
    """No second connection, not even a reading one: that is what keeps an old SQLite's WAL safe (S1)."""
    other = sqlite3.connect(ledger.path, timeout=0)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("SELECT * FROM tasks").fetchall()
    other.close()


def test_ledger_shares_no_memory_and_syncs_every_commit_when_it_is_open(ledger: Ledger) -> None:
    folder = ledger.path.parent
    assert {file.name for file in folder.iterdir()} == {"ledger.sqlite", "ledger.sqlite-wal"}
    settings = {
        name: ledger._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "locking_mode")
    }
    assert settings == {"synchronous": 2, "locking_mode": "exclusive"}


def test_ledger_is_free_when_the_first_supervisor_has_closed_it(ledger: Ledger) -> None:
    ledger.close()
    Ledger.open(ledger.path).close()


def damage(path: Path, at: int, length: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(random.Random(1).randbytes(length))


@pytest.mark.parametrize(
    ("at", "length"), [(0, 100), (100, 4000), (4096, 4096)], ids=["header", "schema", "a table"]
)
def test_ledger_is_refused_with_a_way_out_when_the_file_is_damaged(path: Path, at: int, length: int) -> None:
    ledger = Ledger.open(path)
    ledger.accept(records(*(f"V-{number}" for number in range(500))))
    ledger.close()
    damage(path, at, length)
    with pytest.raises(LedgerError, match="Move it away") as caught:
        Ledger.open(path)
    assert not isinstance(caught.value, LedgerLocked)
    assert str(path) in str(caught.value)


def test_ledger_is_refused_when_it_is_no_database_at_all(path: Path) -> None:
    path.write_bytes(b"Dear diary, " * 100)
    with pytest.raises(LedgerError, match="is damaged: file is not a database"):
        Ledger.open(path)
    assert path.read_bytes() == b"Dear diary, " * 100


def test_ledger_is_refused_when_its_place_is_a_directory(path: Path) -> None:
    path.mkdir()
    with pytest.raises(LedgerError, match="cannot be opened"):
        Ledger.open(path)


def test_ledger_is_refused_when_a_newer_tabcrew_wrote_it(path: Path) -> None:
    Ledger.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 7")
    connection.close()
    with pytest.raises(LedgerError, match="the ledger is of version 7, this Tabcrew writes version 1"):
        Ledger.open(path)


def test_ledger_is_in_place_when_nobody_touched_it(ledger: Ledger) -> None:
    ledger.check_in_place()
    ledger.lease("A", 1, 1, None)
    ledger.check_in_place()


def test_ledger_raises_when_it_was_deleted_while_open(ledger: Ledger) -> None:
    ledger.path.unlink()
    with pytest.raises(LedgerError, match="disappeared while running"):
        ledger.check_in_place()


def test_ledger_raises_when_it_was_replaced_while_open(ledger: Ledger) -> None:
    ledger.path.rename(ledger.path.with_name("elsewhere"))
    ledger.path.write_bytes(b"")
    with pytest.raises(LedgerError, match="was replaced by another file"):
        ledger.check_in_place()


def test_ledger_says_so_in_words_when_it_cannot_be_read(ledger: Ledger) -> None:
    ledger._db.execute("PRAGMA shrink_memory")  # else it would answer from memory
    for file in (ledger.path, ledger.path.with_name(ledger.path.name + "-wal")):
        os.truncate(file, 100)
    with pytest.raises(LedgerError, match=r"ledger\.sqlite cannot be read: "):
        ledger.counts()


def test_ledger_raises_when_it_was_cut_off_while_open(ledger: Ledger) -> None:
    os.truncate(ledger.path, 100)
    with pytest.raises(LedgerError, match=r"was cut off while running, from \d+ to 100 bytes"):
        ledger.check_in_place()
