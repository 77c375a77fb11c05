"""What a worker is told when it is spawned; everything else comes through its inbox."""

from dataclasses import dataclass
from pathlib import Path

from tabworker.adapters.form_settings import FormSettings

STEPS_OF_SLOW_MOTION = 40
"""So many slowed-down actions a step may hold before its time runs out all the same."""


@dataclass(frozen=True, kw_only=True)
class Debugging:
    """What a person who looks on has asked for; nothing of it in an ordinary run.

    ``keep_page``: a failed duty's page and pop-ups stay as they are. ``trace``: failed attempts leave one.
    """

    slow_mo_ms: float = 0.0
    keep_page: bool = False
    trace: bool = False

    @property
    def slack_s(self) -> float:
        """What slow motion adds to the time that the watchdog grants a step."""
        return STEPS_OF_SLOW_MOTION * self.slow_mo_ms / 1000


@dataclass(frozen=True, kw_only=True)
class WorkerSetup:
    """``name`` is unique among all incarnations of all slots ("3.2": slot 3, its second worker).

    ``shows_pdfs``: this Chrome is not ours and shows PDFs, as its user may want it, instead of saving them.
    ``by_hand``: a person signs in, in whatever tab shows them a form.
    """

    slot: int
    name: str
    supervisor_pid: int
    adapter: str
    portal: FormSettings
    staging: Path
    downloads: Path
    failures: Path
    logs: Path
    temp: Path
    heartbeat_s: float
    blocked_addresses: tuple[str, ...]
    shows_pdfs: bool
    by_hand: bool
    log_level: str
    debugging: Debugging = Debugging()
