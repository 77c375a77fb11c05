"""Options that several commands share, and the settings that follow from them."""

import os
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from supervisor.settings import Settings, load_settings
from supervisor.terminal.summary import NextCommands
from tabworker.setup import Debugging

DEFAULT_SETTINGS_FILE = Path("settings.ini")
PROGRAM = "python run.py"

STEPS_OF_AN_ATTEMPT = 6
"""About as many steps an attempt has; each of them gets time for slow motion."""

SettingsOption = Annotated[
    Path, typer.Option("--settings", metavar="FILE", help="The settings file; .env is looked for beside it.")
]
WorkDirOption = Annotated[
    Path | None, typer.Option("--work-dir", metavar="DIR", help="Work directory, instead of [run] work_dir.")
]


def dotenv_beside(settings_file: Path) -> Path:
    return settings_file.absolute().parent / ".env"


def settings_from(
    file: Path,
    *,
    work_dir: Path | None = None,
    workers: int | None = None,
    limit: int | None = None,
    headless: bool | None = None,
    trace: bool = False,
) -> Settings:
    """The settings with what the flags say. Raises SettingsError."""
    overrides = {
        "run.work_dir": work_dir,
        "run.workers": workers,
        "run.limit": limit,
        "chrome.headless": headless,
        "run.trace": "failed" if trace else None,
    }
    return load_settings(file, os.environ, dotenv_beside(file), overrides)


def with_time_for_slow_motion(settings: Settings, slow_mo_ms: float) -> Settings:
    """The settings with an attempt's time raised by what slow motion adds to it."""
    slack_s = STEPS_OF_AN_ATTEMPT * Debugging(slow_mo_ms=slow_mo_ms).slack_s
    more_time = {"task_timeout_s": settings.watchdog.task_timeout_s + slack_s}
    return replace(settings, watchdog=settings.watchdog.model_copy(update=more_time))


def next_commands(file: Path, work_dir: Path | None, run_options: list[str] | None = None) -> NextCommands:
    """What to type to go on: with the same options, less --fresh."""
    place = []
    if file != DEFAULT_SETTINGS_FILE:
        place += ["--settings", str(file)]
    if work_dir is not None:
        place += ["--work-dir", str(work_dir)]
    return NextCommands(
        resume=_command([*place, *(run_options or [])]),
        retry=_command(["retry", *place]),
    )


def _command(arguments: list[str]) -> str:
    return " ".join([PROGRAM, *(shlex.quote(argument) for argument in arguments)])
