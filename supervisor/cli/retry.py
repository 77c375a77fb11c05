"""`python run.py retry [REF…]`: failed and quarantined tasks go back to pending; fetches nothing itself."""

from typing import Annotated

import typer

from supervisor.cli.errors import Refused, crash_reports_in
from supervisor.cli.options import (
    DEFAULT_SETTINGS_FILE,
    SettingsOption,
    WorkDirOption,
    next_commands,
    settings_from,
)
from supervisor.exit_codes import ExitCode
from supervisor.terminal.words import count


def retry(
    refs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[REF]...", help="References to try again; none = all that failed."),
    ] = None,
    settings: SettingsOption = DEFAULT_SETTINGS_FILE,
    work_dir: WorkDirOption = None,
) -> None:
    """Put what failed back to pending for the next run."""
    loaded = settings_from(settings, work_dir=work_dir)
    with crash_reports_in(loaded.run.work_dir):
        from supervisor.taking import JobRefused, retry_tasks  # late, as in run

        try:
            number = retry_tasks(loaded, tuple(refs or ()))
        except JobRefused as refused:
            raise Refused(str(refused), ExitCode(refused.exit_code)) from refused
    if not number:
        typer.echo("Nothing to retry: no record failed or is quarantined.")
        return
    typer.echo(
        f"{count(number, 'record')} back to pending. Fetch with: {next_commands(settings, work_dir).resume}"
    )
