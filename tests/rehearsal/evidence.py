"""What a night left behind, as plain values: all that the verdict is given. Instants are seconds of UTC."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Death:
    """A kill that was carried out. ``worker_pid``: whom it took; None when not one worker alone."""

    victim: str
    at: float
    pid: int
    worker_pid: int | None = None


@dataclass(frozen=True)
class Fault:
    """A misbehaviour that the portal committed, by its own audit log."""

    at: float
    ref: str
    kind: str


@dataclass(frozen=True)
class Serve:
    """A document that the portal handed out whole. ``at``: when it was asked for; whoever asked may be dead
    by the time it goes out.
    """

    at: float
    ref: str


@dataclass(frozen=True)
class Attempt:
    """One row of the ledger. ``ended_at`` None: still open."""

    epoch: int
    ref: str
    slot: int
    pid: int | None
    began_at: float
    ended_at: float | None
    outcome: str
    reason: str = ""

    @property
    def delivered(self) -> bool:
        return self.outcome == "delivered"

    def covers(self, instant: float) -> bool:
        """Both clocks are read to the millisecond, and cut: hence the last digit."""
        return self.began_at - 0.001 <= instant and (
            self.ended_at is None or instant <= self.ended_at + 0.001
        )


@dataclass(frozen=True)
class Task:
    """The end of a record. ``reason``: why it failed."""

    ref: str
    state: str
    reason: str = ""


@dataclass(frozen=True)
class Evidence:
    """``exit_code`` None: the run did not end by itself. ``missed``: kills that found no victim any more;
    ``spared``: kinds of victim of which every planned kill was missed.

    ``login_times``: by the portal's audit log. ``proof_times``: when the run knew its session to be good.
    ``session_ends``: those that the portal caused. ``consent_times``: when the licence was accepted.
    ``supervisor_starts``: 1 and one for each kill of it. ``swept_s``: how long the remains of a killed
    supervisor lived. ``files``: documents on disk. ``memory``: share of the records that had ended,
    and MB that the supervisor held. ``wrong_documents``, ``leftovers``: one sentence each.
    """

    seed: int
    records: int
    tabs: int
    took_s: float
    exit_code: int | None
    supervisor_starts: int
    undeliverable: frozenset[str] = frozenset()
    deaths: tuple[Death, ...] = ()
    missed: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    serves: tuple[Serve, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    tasks: tuple[Task, ...] = ()
    login_times: tuple[float, ...] = ()
    session_ends: tuple[float, ...] = ()
    proof_times: tuple[float, ...] = ()
    consent_times: tuple[float, ...] = ()
    swept_s: tuple[float, ...] = ()
    memory: tuple[tuple[float, float], ...] = ()
    files: int = 0
    alarms: tuple[str, ...] = ()
    wrong_documents: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()
