"""`python run.py [run]`: does the job, from the settings to the closing summary."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from supervisor.cli.embedded_portal import DemoPortalFailed, EmbeddedPortal
from supervisor.cli.errors import Refused, crash_reports_in
from supervisor.cli.options import (
    DEFAULT_SETTINGS_FILE,
    SettingsOption,
    WorkDirOption,
    dotenv_beside,
    next_commands,
    settings_from,
    with_time_for_slow_motion,
)
from supervisor.credentials import find_credentials, withdraw_secrets
from supervisor.exit_codes import ExitCode
from supervisor.settings import Settings
from supervisor.terminal import open_display
from supervisor.terminal.summary import NextCommands, summary_lines
from tabworker.messages import Credentials


@dataclass(frozen=True)
class _Start:
    """One start of the job, as the command line asked for it."""

    settings: Settings
    dotenv: Path
    fresh: bool
    only: tuple[str, ...]
    slow_mo_ms: float
    pause_on_failure: bool
    commands: NextCommands


def run(
    context: typer.Context,
    settings: SettingsOption = DEFAULT_SETTINGS_FILE,
    workers: Annotated[
        int | None, typer.Option("--workers", metavar="N", help="Tabs that work at the same time.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", metavar="N", help="Only the first N records of the inventory; 0 = all."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="REF...", help="Only these records, by their reference."),
    ] = None,
    headless: Annotated[
        bool | None, typer.Option("--headless/--visible", help="Without a window, or with one.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what was done and start over.")] = False,
    slow_mo: Annotated[
        float,
        typer.Option("--slow-mo", metavar="MS", min=0, max=5000, help="Wait so long before each action."),
    ] = 0,
    pause_on_failure: Annotated[
        bool,
        typer.Option("--pause-on-failure", help="Stay on a page that failed until Enter; one worker only."),
    ] = False,
    trace: Annotated[
        bool, typer.Option("--trace", help="Keep a trace of each failed attempt, for playwright show-trace.")
    ] = False,
    work_dir: WorkDirOption = None,
) -> None:
    """Fetch the documents. This is what happens when no command is given."""
    if context.args and not only:
        raise Refused(
            f"{context.args[0]!r} is no option of run. See python run.py run --help", ExitCode.USAGE
        )
    refs = (*(only or ()), *context.args)
    if pause_on_failure and workers not in (None, 1):
        raise Refused(
            f"--pause-on-failure holds one page for one person, and --workers {workers} has more of them: "
            "nothing was started. Leave --workers away, or say --workers 1.",
            ExitCode.USAGE,
        )
    loaded = settings_from(
        settings,
        work_dir=work_dir,
        workers=1 if pause_on_failure else workers,
        limit=limit,
        headless=headless,
        trace=trace,
    )
    if slow_mo:
        loaded = with_time_for_slow_motion(loaded, slow_mo)
    debugging = _debugging_again(slow_mo, pause_on_failure=pause_on_failure, trace=trace)
    commands = next_commands(
        settings, work_dir, [*_options_again(workers, limit, refs, headless), *debugging]
    )
    start = _Start(loaded, dotenv_beside(settings), fresh, refs, slow_mo, pause_on_failure, commands)
    with crash_reports_in(loaded.run.work_dir):
        code = _do(start)
    raise typer.Exit(code)


def _do(start: _Start) -> int:
    # Loaded late: --help, status and refused settings need none of it, and it takes a second.
    from supervisor.assembly import JobOptions
    from supervisor.job import Job
    from supervisor.taking import JobRefused

    settings = start.settings
    options = JobOptions(
        fresh=start.fresh,
        limit=settings.run.limit,
        only=start.only,
        slow_mo_ms=start.slow_mo_ms,
        pause_on_failure=start.pause_on_failure,
    )
    environ = withdraw_secrets(os.environ)  # before the job is opened: that starts a process already

    def account() -> Credentials:
        return find_credentials(settings, environ, start.dotenv, prompt=is_person())

    # Before --fresh puts the ledger aside; else only when there is work, as a finished job needs no account.
    credentials = account() if start.fresh else None
    try:
        with Job.open(settings, options) as job:
            if end := job.already_finished():
                for line in summary_lines(end, start.commands):
                    typer.echo(line)
                return int(end.exit_code or ExitCode.ALL_DONE)
            # Before the portal: a prompt should not keep one waiting.
            credentials = credentials or account()
            with portal_of(settings) as url:
                return int(job.run(url, credentials, open_display(start.commands)))
    except JobRefused as refused:
        raise Refused(str(refused), ExitCode(refused.exit_code)) from refused


@contextmanager
def portal_of(settings: Settings) -> Iterator[str]:
    """The portal's base URL; the demo portal runs as long as the context is open."""
    if not settings.portal.is_demo:
        yield settings.portal.url
        return
    try:
        portal = EmbeddedPortal(settings.portal, settings.run.work_dir / "logs")
        with portal:
            yield portal.url
    except DemoPortalFailed as error:
        raise Refused(str(error), ExitCode.PORTAL_DOWN) from error


def is_person() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _options_again(
    workers: int | None, limit: int | None, refs: tuple[str, ...], headless: bool | None
) -> list[str]:
    """The options that the resuming command needs as well; --fresh would undo what was done."""
    options = []
    if workers is not None:
        options += ["--workers", str(workers)]
    if limit is not None:
        options += ["--limit", str(limit)]
    for ref in refs:
        options.append(f"--only={ref}")
    if headless is not None:
        options.append("--headless" if headless else "--visible")
    return options


def _debugging_again(slow_mo_ms: float, *, pause_on_failure: bool, trace: bool) -> list[str]:
    options = [f"--slow-mo={slow_mo_ms:g}"] if slow_mo_ms else []
    if pause_on_failure:
        options.append("--pause-on-failure")
    if trace:
        options.append("--trace")
    return options
