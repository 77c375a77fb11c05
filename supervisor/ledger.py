"""The durable record of tasks and attempts. Only this file writes the ledger, and only the supervisor opens
it.

One connection in ``locking_mode=EXCLUSIVE``, then WAL: no shared-memory file, no second reader, which is
what SQLite up to 3.51.2 needs to be safe (HAZARDS S1); ``synchronous=FULL``, so that a committed ``done``
survives a power cut (S2). The lock that the mode holds for the connection's life is also what refuses a
second supervisor.

Times in the ledger are UTC wall-clock texts for people; nothing is decided from them.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from supervisor.snapshot import Counts
from supervisor.task_states import TaskEvent, TaskState, next_state
from tabworker.messages import Record

SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE tasks (
  id          TEXT PRIMARY KEY,              -- the record's reference
  seq         INTEGER NOT NULL UNIQUE,       -- its place in the inventory
  fields      TEXT NOT NULL,                 -- the row as the portal gave it, JSON object
  state       TEXT NOT NULL CHECK (state IN ('pending', 'leased', 'done', 'failed', 'quarantined')),
  tries       INTEGER NOT NULL DEFAULT 0,    -- attempts begun
  charged     INTEGER NOT NULL DEFAULT 0,    -- attempts that count against max_retries
  deaths      INTEGER NOT NULL DEFAULT 0,    -- workers that died over it
  document    TEXT UNIQUE,                   -- file name below documents/, when done
  sha256      TEXT,
  size_bytes  INTEGER,
  pages       INTEGER,
  reason      TEXT,                          -- why it failed or was quarantined
  ended_at    TEXT
) STRICT;
CREATE INDEX tasks_by_state ON tasks (state, seq);
CREATE INDEX tasks_by_sha256 ON tasks (sha256) WHERE sha256 IS NOT NULL;

CREATE TABLE attempts (                      -- kept, never overwritten
  epoch       INTEGER PRIMARY KEY,           -- the lease's fencing token
  task        TEXT NOT NULL REFERENCES tasks (id),
  number      INTEGER NOT NULL,              -- from 1
  slot        INTEGER NOT NULL,
  pid         INTEGER,
  started_at  TEXT NOT NULL,
  ended_at    TEXT,
  took_s      REAL,
  outcome     TEXT,                          -- delivered, or the failure's class
  step        TEXT,
  reason      TEXT,
  evidence    TEXT                           -- JSON list of files below failures/
) STRICT;
CREATE INDEX attempts_by_task ON attempts (task, number);
"""


class LedgerError(Exception):
    """The ledger cannot be read or written; the message says what to do."""


class LedgerLocked(LedgerError):
    """Another supervisor holds the ledger."""


@dataclass(frozen=True)
class TaskRow:
    """A task as the ledger has it."""

    record: Record
    state: TaskState
    tries: int
    charged: int
    deaths: int
    document: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class AttemptEnd:
    """How an attempt ended. ``outcome``: "delivered" or a failure class."""

    outcome: str
    took_s: float
    step: str = ""
    reason: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class DocumentRow:
    """A delivered document. ``name`` is its file name below documents/."""

    name: str
    sha256: str
    size_bytes: int
    pages: int


class Ledger:
    """An open ledger. Every method is one transaction: it is wholly on disk when the method returns."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db = connection
        self.path = path
        self._inode = path.stat().st_ino
        self._size = path.stat().st_size

    @classmethod
    def open(cls, path: Path) -> "Ledger":
        """Open or create; raises LedgerLocked when another process holds it, LedgerError when it is
        damaged.
        """
        try:
            connection = sqlite3.connect(path, isolation_level=None, timeout=0.2)
            try:
                _prepare(connection)
            except BaseException:
                connection.close()
                raise
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                raise LedgerLocked(f"{path} is in use by another supervisor") from error
            raise LedgerError(
                f"{path} cannot be opened: {error}. Check the directory's permissions and free space."
            ) from error
        except sqlite3.DatabaseError as error:
            raise LedgerError(
                f"{path} is damaged: {error}. Move it away and run again: every document is fetched anew."
            ) from error
        return cls(connection, path)

    def close(self) -> None:
        self._db.close()

    def check_in_place(self) -> None:
        """Raises LedgerError when the file was deleted, replaced or cut off under us: what is written then
        is lost.

        The file is never opened for that: closing it again would drop the lock that SQLite holds on it.
        """
        try:
            now = self.path.stat()
        except OSError as error:
            raise LedgerError(f"{self.path} disappeared while running: {error}") from error
        if now.st_ino != self._inode:
            raise LedgerError(f"{self.path} was replaced by another file while running")
        if now.st_size < self._size:  # a ledger only grows
            raise LedgerError(
                f"{self.path} was cut off while running, from {self._size} to {now.st_size} bytes"
            )
        self._size = now.st_size

    # --- the inventory ---

    def accept(self, records: Iterable[Record]) -> None:
        """Take the whole inventory in as pending tasks, all or nothing, and mark it complete."""
        with self._transaction():
            self._db.executemany(
                "INSERT INTO tasks (id, seq, fields, state) VALUES (?, ?, ?, 'pending')",
                ((r.ref, seq, json.dumps(r.fields, ensure_ascii=False)) for seq, r in enumerate(records)),
            )
            self._set_meta("inventory_listed_at", _utc_now())

    @property
    def inventory_complete(self) -> bool:
        return self.get_meta("inventory_listed_at") is not None

    # --- transitions ---

    def lease(self, task: str, epoch: int, slot: int, pid: int | None) -> int:
        """Begin an attempt; returns its number, from 1."""
        with self._transaction():
            self._move(task, TaskEvent.LEASE)
            number = self._number("UPDATE tasks SET tries = tries + 1 WHERE id = ? RETURNING tries", task)
            self._db.execute(
                "INSERT INTO attempts (epoch, task, number, slot, pid, started_at) VALUES (?, ?, ?, ?, ?, ?)",
                (epoch, task, number, slot, pid, _utc_now()),
            )
        return number

    def deliver(self, task: str, epoch: int, document: DocumentRow, end: AttemptEnd) -> None:
        with self._transaction():
            self._move(task, TaskEvent.DELIVER)
            self._db.execute(
                "UPDATE tasks SET document = ?, sha256 = ?, size_bytes = ?, pages = ?, reason = "
                "NULL, ended_at = ?"
                " WHERE id = ?",
                (document.name, document.sha256, document.size_bytes, document.pages, _utc_now(), task),
            )
            self._end_attempt(epoch, end)

    def requeue(self, task: str, epoch: int, end: AttemptEnd, *, charged: bool, death: bool) -> None:
        with self._transaction():
            self._move(task, TaskEvent.REQUEUE)
            self._db.execute(
                "UPDATE tasks SET charged = charged + ?, deaths = deaths + ? WHERE id = ?",
                (charged, death, task),
            )
            self._end_attempt(epoch, end)

    def give_up(self, task: str, epoch: int, event: TaskEvent, end: AttemptEnd) -> None:
        """End the task as failed or quarantined (``event`` FAIL or QUARANTINE)."""
        with self._transaction():
            self._move(task, event)
            self._db.execute(
                "UPDATE tasks SET charged = charged + ?, deaths = deaths + ?, reason = ?, ended_at = ?"
                " WHERE id = ?",
                (event is TaskEvent.FAIL, event is TaskEvent.QUARANTINE, end.reason, _utc_now(), task),
            )
            self._end_attempt(epoch, end)

    def retry(self, tasks: Iterable[str]) -> None:
        """Failed and quarantined tasks back to pending, their past forgiven, their attempts kept."""
        with self._transaction():
            for task in tasks:
                self._move(task, TaskEvent.RETRY)
                self._db.execute(
                    "UPDATE tasks SET charged = 0, deaths = 0, reason = NULL, ended_at = NULL WHERE id = ?",
                    (task,),
                )

    def requeue_leases_of_dead_run(self) -> list[str]:
        """Leases that a dead supervisor left open go back to pending, uncharged; returns their tasks."""
        with self._transaction():
            open_leases = [
                str(task) for (task,) in self._db.execute("SELECT id FROM tasks WHERE state = 'leased'")
            ]
            for task in open_leases:
                self._move(task, TaskEvent.REQUEUE)
            self._db.execute(
                "UPDATE attempts SET ended_at = ?, outcome = 'ours', reason = 'the supervisor died'"
                " WHERE ended_at IS NULL",
                (_utc_now(),),
            )
        return open_leases

    # --- reading ---

    def counts(self) -> Counts:
        by_state: dict[str, int] = dict(self._rows("SELECT state, count(*) FROM tasks GROUP BY state"))
        return Counts(accepted=sum(by_state.values()), **by_state)

    def task(self, task: str) -> TaskRow:
        """Raises KeyError when there is no such task."""
        rows = self._rows(
            "SELECT id, fields, state, tries, charged, deaths, document, reason FROM tasks WHERE id = ?", task
        )
        if not rows:
            raise KeyError(task)
        return _task_row(rows[0])

    def knows(self, task: str) -> bool:
        return bool(self._rows("SELECT 1 FROM tasks WHERE id = ?", task))

    def tasks_in(self, *states: TaskState, first: int = 0) -> Iterator[str]:
        """References in the order of the inventory; ``first``: only among so many first records, 0 = all."""
        marks = ", ".join("?" * len(states))
        sql = f"SELECT id FROM tasks WHERE state IN ({marks}) AND (? = 0 OR seq < ?) ORDER BY seq"
        return (str(task) for (task,) in self._rows(sql, *states, first, first))

    def documents(self) -> Iterator[tuple[str, str]]:
        """(reference, file name) of every delivered document."""
        rows = self._rows("SELECT id, document FROM tasks WHERE state = 'done'")
        return ((str(task), str(document)) for task, document in rows)

    def others_with_content(self, sha256: str, task: str) -> list[str]:
        """Other tasks whose delivered document has the same bytes."""
        sql = "SELECT id FROM tasks WHERE sha256 = ? AND id <> ? AND state = 'done'"
        return [str(other) for (other,) in self._rows(sql, sha256, task)]

    def last_epoch(self) -> int:
        return self._number("SELECT coalesce(max(epoch), 0) FROM attempts")

    def get_meta(self, key: str) -> str | None:
        rows = self._rows("SELECT value FROM meta WHERE key = ?", key)
        return str(rows[0][0]) if rows else None

    def set_meta(self, key: str, value: str) -> None:
        with self._transaction():
            self._set_meta(key, value)

    def _rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """All rows at once; raises LedgerError when the disk or the file does not give them."""
        try:
            return self._db.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise LedgerError(f"{self.path} cannot be read: {error}") from error

    # --- inside a transaction ---

    def _move(self, task: str, event: TaskEvent) -> None:
        row = self._db.execute("SELECT state FROM tasks WHERE id = ?", (task,)).fetchone()
        if row is None:
            raise KeyError(task)
        self._db.execute(
            "UPDATE tasks SET state = ? WHERE id = ?", (next_state(TaskState(row[0]), event), task)
        )

    def _end_attempt(self, epoch: int, end: AttemptEnd) -> None:
        self._db.execute(
            "UPDATE attempts SET ended_at = ?, took_s = ?, outcome = ?, step = ?, reason = ?, evidence = ?"
            " WHERE epoch = ?",
            (
                _utc_now(),
                round(end.took_s, 3),
                end.outcome,
                end.step or None,
                end.reason or None,
                json.dumps(end.evidence) if end.evidence else None,
                epoch,
            ),
        )

    def _set_meta(self, key: str, value: str) -> None:
        self._db.execute(
            "INSERT INTO meta (key, value) VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )

    def _number(self, sql: str, *parameters: object) -> int:
        ((number,),) = self._rows(sql, *parameters)
        return int(number)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except BaseException as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise LedgerError(f"{self.path} cannot be written: {error}") from error
            raise


def _prepare(connection: sqlite3.Connection) -> None:
    """Lock, then WAL, then the schema; the order matters: EXCLUSIVE before WAL is what keeps SQLite off
    shared memory.
    """
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("BEGIN IMMEDIATE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        elif version != SCHEMA_VERSION:
            raise LedgerError(
                f"the ledger is of version {version}, this Tabcrew writes version {SCHEMA_VERSION}: "
                "finish the run with the Tabcrew that began it, or start over with --fresh"
            )
        (check,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if check != "ok":
            raise sqlite3.DatabaseError(check)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite rolls back by itself when the disk is full
            connection.execute("ROLLBACK")
        raise


def _task_row(row: tuple[object, ...]) -> TaskRow:
    ref, fields, state, tries, charged, deaths, document, reason = row
    return TaskRow(
        record=Record(str(ref), json.loads(str(fields))),
        state=TaskState(str(state)),
        tries=int(str(tries)),
        charged=int(str(charged)),
        deaths=int(str(deaths)),
        document=None if document is None else str(document),
        reason=None if reason is None else str(reason),
    )


def _utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
