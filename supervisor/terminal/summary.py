"""The closing summary: what was done, where it lies, how to go on. Pure: a snapshot in, lines out."""

from dataclasses import dataclass

from supervisor.exit_codes import ExitCode
from supervisor.snapshot import Snapshot
from supervisor.terminal.hostile_text import harmless
from supervisor.terminal.words import count, duration


@dataclass(frozen=True)
class NextCommands:
    """What to type to go on with this very run, options included, and to try its failures again."""

    resume: str = "python run.py"
    retry: str = "python run.py retry"


def summary_lines(snapshot: Snapshot, commands: NextCommands) -> list[str]:
    """The end of a run, or of what is known of it, in plain lines."""
    lines = [_headline(snapshot)]
    if snapshot.summary:
        lines += [harmless(line) for line in snapshot.summary.splitlines()]
    lines += [f"  {name:<10} {text}" for name, text in _facts(snapshot, commands)]
    return lines


def _headline(snapshot: Snapshot) -> str:
    code = snapshot.exit_code
    if code is None:
        return f"Run {harmless(snapshot.run_id)}: {harmless(snapshot.phase)}"
    try:
        meaning = ExitCode(code).meaning
    except ValueError:
        meaning = "unknown exit code"
    return f"{meaning[0].upper()}{meaning[1:]} (exit code {code})."


def _facts(snapshot: Snapshot, commands: NextCommands) -> list[tuple[str, str]]:
    counts, work = snapshot.counts, harmless(snapshot.work_dir)
    finished = snapshot.exit_code in (ExitCode.ALL_DONE, ExitCode.SOME_FAILED)
    states = {
        "done": counts.done,
        "failed": counts.failed,
        "quarantined": counts.quarantined,
        "not asked for" if finished else "pending": counts.pending,
        "running": counts.leased,
    }
    shown = [f"{number:,} {state}" for state, number in states.items() if number or state == "done"]
    facts = [("records", f"{', '.join(shown)} of {counts.accepted:,}")]
    if snapshot.elapsed_s:
        facts.append(
            ("this run", f"{count(snapshot.done_this_run, 'document')} in {duration(snapshot.elapsed_s)}")
        )
        facts.append(("", f"{count(snapshot.sign_ins, 'sign-in')}, {_restarts(snapshot)}"))
    if work:
        facts.append(("documents", f"{work}/documents"))
        if counts.failed or counts.quarantined:
            facts.append(("failures", f"{work}/failures"))
        facts.append(("log", f"{work}/logs"))
    if command := _next_command(snapshot, commands):
        facts.append(("go on", command))
    return facts


def _restarts(snapshot: Snapshot) -> str:
    chrome, workers = snapshot.chrome_restarts, snapshot.worker_restarts
    if not chrome and not workers:
        return "no restarts"
    return f"{count(workers, 'worker restart')}, {count(chrome, 'Chrome restart')}"


def _next_command(snapshot: Snapshot, commands: NextCommands) -> str:
    """What gets the rest; nothing when all is done or the run still goes on."""
    if snapshot.exit_code is None or snapshot.exit_code == ExitCode.ALL_DONE:
        return ""
    if snapshot.exit_code == ExitCode.SOME_FAILED:
        return f"{commands.retry}  and then  {commands.resume}"
    return commands.resume
