"""How an error becomes an exit code and a sentence: people see no traceback, a file keeps it."""

import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from supervisor.credentials import CredentialsMissing
from supervisor.exit_codes import ExitCode
from supervisor.settings import SettingsError

ISSUES_HINT = "Please report it with that file."


class Refused(Exception):
    """A command cannot go on for a known reason. ``str()`` is what the person reads."""

    def __init__(self, message: str, exit_code: ExitCode) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def end_on_error(error: Exception, work_dir: Path | None = None) -> ExitCode:
    """Say what happened on stderr and return the exit code; the traceback of a bug goes into a file."""
    if isinstance(error, Refused):
        say_error(str(error))
        return error.exit_code
    if isinstance(error, SettingsError | CredentialsMissing):
        say_error(str(error))
        return ExitCode.USAGE
    report = write_crash_report(error, work_dir)
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    say_error(
        f"stopped by a bug of Tabcrew ({_first_line(what)}). Its traceback is in {report}. {ISSUES_HINT}"
    )
    return ExitCode.BUG


@contextmanager
def crash_reports_in(work_dir: Path) -> Iterator[None]:
    """What goes wrong inside is a known refusal, or a bug whose traceback goes below ``work_dir``/logs."""
    try:
        yield
    except (Refused, SettingsError, CredentialsMissing):
        raise
    except Exception as error:
        code = end_on_error(error, work_dir)
        raise SystemExit(code) from error


def say_error(message: str) -> None:
    try:
        sys.stderr.write(f"tabcrew: {message}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        return  # nobody listens any more; the exit code still tells


def write_crash_report(error: Exception, work_dir: Path | None) -> Path:
    """The file that now holds the traceback: below logs/ of the work directory, else a temporary one."""
    name = f"crash-{datetime.now().astimezone():%Y%m%d-%H%M%S}.txt"
    text = "".join(traceback.format_exception(error))
    if work_dir is not None:
        try:
            path = work_dir / "logs" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return path
        except OSError as second:
            text += f"\nnot kept below {work_dir}: {second}\n"
    with tempfile.NamedTemporaryFile(
        "w", prefix="tabcrew-", suffix=f"-{name}", delete=False, encoding="utf-8"
    ) as file:
        file.write(text)
    return Path(file.name)


def _first_line(text: str) -> str:
    line = text.splitlines()[0] if text else ""
    return line if len(line) <= 200 else line[:199] + "…"
