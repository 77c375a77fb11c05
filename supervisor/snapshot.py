"""What a person can know of a run at one moment: written to status.json, drawn by the terminal, printed by
status.

Only this struct travels between the run and whoever looks at it.
"""

import msgspec


class Counts(msgspec.Struct, frozen=True):
    """Tasks by state. accepted = pending + leased + done + failed + quarantined at every instant."""

    accepted: int = 0
    pending: int = 0
    leased: int = 0
    done: int = 0
    failed: int = 0
    quarantined: int = 0

    @property
    def ended(self) -> int:
        return self.done + self.failed + self.quarantined


class WorkerRow(msgspec.Struct, frozen=True):
    """One slot of the crew. ``state``: starting, idle, busy, stopping or down. ``step_s``: seconds in the
    step.
    """

    slot: int
    pid: int | None
    state: str
    task: str = ""
    attempt: int = 0
    step: str = ""
    step_s: float = 0.0
    memory_mb: float = 0.0
    documents: int = 0
    restarts: int = 0


class EventRow(msgspec.Struct, frozen=True):
    """Something a person may want to have seen. ``at``: UTC, ISO 8601. ``level``: info, warning or error."""

    at: str
    level: str
    text: str


class Snapshot(msgspec.Struct, frozen=True):
    """``phase``: starting, signing in, listing, fetching, draining, stopping, finished.

    ``attention``: what a person must do before anything goes on ("Sign in by hand: …"), else empty.
    ``rate_per_min``: documents a minute over the last minutes, None until known. ``eta_s``: seconds left at
    that rate. ``holding``: why nothing is dispatched just now ("portal asks to wait 30 s"), else empty.
    ``exit_code`` and ``summary``: set when the run is over.
    """

    run_id: str
    pid: int
    phase: str
    started_at: str
    updated_at: str
    counts: Counts
    workers: tuple[WorkerRow, ...] = ()
    events: tuple[EventRow, ...] = ()
    done_this_run: int = 0
    elapsed_s: float = 0.0
    rate_per_min: float | None = None
    eta_s: float | None = None
    holding: str = ""
    attention: str = ""
    chrome_pid: int | None = None
    chrome_restarts: int = 0
    worker_restarts: int = 0
    sign_ins: int = 0
    portal: str = ""
    work_dir: str = ""
    exit_code: int | None = None
    summary: str = ""
