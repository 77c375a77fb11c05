"""Turns what lies about after a night (audit log, ledger, files, processes) into evidence."""

import hashlib
import re
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pypdfium2

from demo_portal.config import PortalConfig
from demo_portal.vehicles import make_vehicles
from tests.rehearsal.evidence import Attempt, Evidence, Fault, Serve, Task
from tests.rehearsal.night import NO_REPORT, Job, NightLog, NightRun
from tests.support.portal import PortalProcess
from tests.support.tabcrew import TabcrewProcess

_GONE_WITHIN_S = 2.0


def gather(job: Job, log: NightLog, portal: PortalProcess, run: NightRun) -> Evidence:
    """Waits a moment for the last processes to end, then looks at everything once."""
    audit = portal.audit()
    return Evidence(
        seed=job.seed,
        records=job.records,
        tabs=job.tabs,
        took_s=round(log.took_s, 1),
        exit_code=log.exit_code,
        supervisor_starts=log.supervisor_starts,
        undeliverable=_undeliverable(job),
        deaths=tuple(log.deaths),
        missed=tuple(log.missed),
        spared=_spared(job, log),
        faults=tuple(Fault(_at(e), e["ref"], e["kind"]) for e in audit if e["event"] == "fault"),
        serves=tuple(serves(audit)),
        attempts=attempts_of(run),
        tasks=tuple(Task(*row) for row in run.query("SELECT id, state, coalesce(reason, '') FROM tasks")),
        login_times=tuple(_at(e) for e in audit if e["event"] == "login"),
        proof_times=tuple(_instant(line["at"]) for line in run.log("session_good")),
        consent_times=tuple(_at(e) for e in audit if e["event"] == "licence_accepted"),
        session_ends=tuple(
            _at(e) for e in audit if e["event"] == "session_ended" and e["reason"] == "expired"
        ),
        swept_s=tuple(log.swept_s),
        memory=tuple(log.memory),
        files=run.done(),
        alarms=tuple(line["text"] for line in run.log("same_content")),
        wrong_documents=tuple(_wrong_documents(run)),
        leftovers=tuple(_leftovers(log, run)),
    )


def _spared(job: Job, log: NightLog) -> tuple[str, ...]:
    struck = {death.victim for death in log.deaths}
    return tuple(sorted({str(kill.victim) for kill in job.plan} - struck))


def _undeliverable(job: Job) -> frozenset[str]:
    vehicles = make_vehicles(PortalConfig(records=job.records, seed=job.seed, no_report=NO_REPORT))
    return frozenset(ref for ref, vehicle in vehicles.items() if not vehicle.has_report)


def serves(audit: list[dict[str, Any]]) -> Iterator[Serve]:
    """Those that went out whole, each at the instant at which it was asked for."""
    asked_at: dict[str, float] = {}
    for entry in audit:
        if entry["event"] == "document_started":
            asked_at[entry["ref"]] = _at(entry)
        elif entry["event"] == "document_served" and entry["complete"]:
            yield Serve(asked_at[entry["ref"]], entry["ref"])


def attempts_of(run: TabcrewProcess) -> tuple[Attempt, ...]:
    """The ledger's attempts, in the order of their leases; the run must have let go of it."""
    rows = run.query(
        "SELECT epoch, task, slot, pid, started_at, ended_at, coalesce(outcome, ''), coalesce(reason, '')"
        " FROM attempts ORDER BY epoch"
    )
    return tuple(
        Attempt(epoch, task, slot, pid, _instant(began), _instant(ended) if ended else None, outcome, reason)
        for epoch, task, slot, pid, began, ended, outcome, reason in rows
    )


def _wrong_documents(run: NightRun) -> list[str]:
    """Every delivered document that is not what the ledger and its own name say."""
    rows = run.query("SELECT id, document, sha256 FROM tasks WHERE state = 'done'")
    wrong = [f"{ref}: {why}" for ref, name, sha in rows if (why := _fault_of(run, ref, name, sha))]
    known = {name for _, name, _ in rows}
    return wrong + [f"{name} belongs to no record" for name in run.documents() if name not in known]


def _fault_of(run: NightRun, ref: str, name: str, sha256: str) -> str:
    path = run.work_dir / "documents" / name
    if not path.is_file():
        return f"{name} is not there"
    if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        return f"{name} is not the file that was verified"
    try:
        text = _text_of(path)
    except pypdfium2.PdfiumError as error:
        return f"{name} does not open: {error}"
    # Its own reading of the reference, not Tabcrew's: a check that is shared proves nothing.
    return "" if re.search(rf"(?<!\w){re.escape(ref)}(?!\w)", text) else f"{name} does not name {ref}"


def _text_of(path: Path) -> str:
    document = pypdfium2.PdfDocument(path)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def _leftovers(log: NightLog, run: NightRun) -> list[str]:
    give_up_at = time.monotonic() + _GONE_WITHIN_S
    while (left := run.left()) and time.monotonic() < give_up_at:
        time.sleep(0.05)
    found = [f"process {process.pid} {process.name()}" for process in left]
    found += [f"{log.stray_tabs} tabs without an owner"] if log.stray_tabs > 0 else []
    staged = (path for path in (run.work_dir / "staging").rglob("*") if path.is_file())
    hidden = (path for path in run.work_dir.iterdir() if path.name.startswith("."))
    found += [f"file {path.relative_to(run.work_dir)}" for path in (*staged, *hidden)]
    return found + [f"temporary {path.name}" for path in sorted(run.temp.iterdir())]


def _at(event: dict[str, Any]) -> float:
    return _instant(event["at"])


def _instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
