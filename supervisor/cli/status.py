"""`python run.py status`: what a run is doing, or how the last one ended; reads status.json only."""

import json
import sys
import threading
from pathlib import Path
from typing import Annotated, Any

import msgspec
import psutil
import typer
from rich.console import Console
from rich.text import Text

from supervisor.cli.errors import Refused
from supervisor.cli.options import (
    DEFAULT_SETTINGS_FILE,
    SettingsOption,
    WorkDirOption,
    next_commands,
    settings_from,
)
from supervisor.exit_codes import ExitCode
from supervisor.snapshot import Snapshot
from supervisor.terminal import open_display
from supervisor.terminal.summary import NextCommands, summary_lines
from supervisor.terminal.view import view
from supervisor.terminal.words import parse_instant

FOLLOW_EVERY_S = 0.5
CLOCK_SLACK_S = 2.0
"""psutil computes a process's start from the boot time, which a clock correction moves by about a second."""


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print status.json, plus whether it runs.")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Keep showing it until the run ends.")] = False,
    settings: SettingsOption = DEFAULT_SETTINGS_FILE,
    work_dir: WorkDirOption = None,
) -> None:
    """Show what a run is doing, or how the last one ended."""
    folder = settings_from(settings, work_dir=work_dir).run.work_dir
    commands = next_commands(settings, work_dir)
    if follow:
        _follow(folder, commands)
        return
    snapshot = read_snapshot(folder)
    if as_json:
        known: dict[str, Any] = msgspec.to_builtins(snapshot)
        typer.echo(json.dumps({"running": is_running(snapshot)} | known, indent=2))
        return
    _show(snapshot, commands)


def read_snapshot(work_dir: Path) -> Snapshot:
    """The last snapshot that a run wrote. Raises Refused when there is none."""
    path = work_dir / "status.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Snapshot)
    except FileNotFoundError as error:
        raise Refused(f"no run in {work_dir} so far: there is no status.json", ExitCode.USAGE) from error
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror or error}", ExitCode.DISK) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"{path} is damaged or of another version ({error}); the next run replaces it"
        raise Refused(message, ExitCode.DISK) from error


def is_running(snapshot: Snapshot) -> bool:
    """True when the process that wrote the snapshot still runs; pids are reused, so its birth must fit."""
    if snapshot.exit_code is not None:
        return False
    try:
        process = psutil.Process(snapshot.pid)
        born_before_run = (
            process.create_time() <= parse_instant(snapshot.started_at).timestamp() + CLOCK_SLACK_S
        )
        return born_before_run and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _show(snapshot: Snapshot, commands: NextCommands) -> None:
    console = Console(highlight=False, markup=False, emoji=False)
    if not is_running(snapshot):
        for line in _past(snapshot, commands):
            console.print(line, no_wrap=True, crop=False, overflow="ignore")
        return
    lines = view(snapshot, console.width, 10_000)
    console.print(Text("\n").join(lines), no_wrap=True, crop=False, overflow="ignore")


def _past(snapshot: Snapshot, commands: NextCommands) -> list[str]:
    if snapshot.exit_code is not None:
        return summary_lines(snapshot, commands)
    killed = (
        f"Not running: process {snapshot.pid} ended without a last word after {snapshot.updated_at}. "
        f"What was done is kept; go on with: {commands.resume}"
    )
    return [killed, *summary_lines(snapshot, commands)]


def _follow(work_dir: Path, commands: NextCommands) -> None:
    display = open_display(commands, sys.stdout)
    pause = threading.Event()
    snapshot = read_snapshot(work_dir)
    while is_running(snapshot):
        display.update(snapshot)
        pause.wait(FOLLOW_EVERY_S)
        snapshot = read_snapshot(work_dir)
    if snapshot.exit_code is None:
        # It may have ended between two looks: its last word is then in the file by now.
        snapshot = read_snapshot(work_dir)
    display.close(snapshot)
    if snapshot.exit_code is None:
        raise Refused(_past(snapshot, commands)[0], ExitCode.USAGE)
