"""What a worker is told when it is spawned; everything else comes through its inbox."""

from dataclasses import dataclass
from pathlib import Path

from tabworker.adapters.form_settings import FormSettings


@dataclass(frozen=True, kw_only=True)
class WorkerSetup:
    """``name`` is unique among all incarnations of all slots ("3.2": slot 3, its second worker).

    ``shows_pdfs``: this Chrome is not ours and shows PDFs, as its user may want it, instead of saving them.
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
    log_level: str
