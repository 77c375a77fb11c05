"""The commands put together, their help, and the last resort for errors."""

import sys
import tomllib
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from loguru import logger
from typer.core import TyperGroup

from supervisor.cli.adapter import adapter
from supervisor.cli.check import check
from supervisor.cli.errors import end_on_error
from supervisor.cli.portal import portal
from supervisor.cli.retry import retry
from supervisor.cli.run import run
from supervisor.cli.status import status
from supervisor.exit_codes import ExitCode

_PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
_OWN_OPTIONS = ("--help", "-h", "--version")


class RunIfNoCommand(TyperGroup):
    """A group in which no command means ``run``: `python run.py --workers 3` works."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if not args or (args[0].startswith("-") and args[0] not in _OWN_OPTIONS):
            args = ["run", *args]
        return super().parse_args(ctx, args)


def _epilog() -> str:
    examples = (
        ("python run.py", "the job of settings.ini; as shipped, the demo portal"),
        ("python run.py --workers 8 --limit 100", "eight tabs, the first hundred records"),
        ("python run.py --only V-0042 --visible", "one record, in a Chrome you can watch"),
        ("python run.py check", "is everything in place? one line a condition"),
        ("python run.py status --follow", "look at a run from another terminal"),
        ("python run.py retry", "another chance for everything that failed"),
    )
    lines = ["\b", "Examples:"]
    lines += [f"  {command:<40} {what}" for command, what in examples]
    lines += ["", "\b", "python run.py run --help shows the options of a run."]
    lines += ["", "\b", "Exit codes:"]
    lines += [f"  {code.value:>3}  {code.meaning}" for code in ExitCode]
    lines += [
        "",
        "\b",
        "Ctrl-C once finishes the documents under way, twice stops now; the same command goes on.",
    ]
    return "\n".join(lines)


app = typer.Typer(
    cls=RunIfNoCommand,
    help="Fetch every record's PDF from a web portal: one Chrome, one login, many tabs.",
    epilog=_epilog(),
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tabcrew {tomllib.loads(_PYPROJECT.read_text('utf-8'))['project']['version']}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and end.")
    ] = False,
) -> None:
    """Options before any command."""


for command in (check, status, retry, portal):
    app.command(command.__name__)(command)
# What follows `--only A` are further references: `--only A B C`.
app.add_typer(adapter, name="adapter")
app.command("run", context_settings={"allow_extra_args": True})(run)


def main() -> NoReturn:
    """Run the command line and end the process with its exit code."""
    # Until a run sends its log to a file: what is worth a warning, as a sentence.
    logger.remove()
    logger.add(sys.stderr, level="WARNING", format="tabcrew: {message}")
    try:
        app(prog_name="python run.py")
    except Exception as error:  # noqa: BLE001  # the last resort: whatever it is, people get a sentence
        sys.exit(end_on_error(error))
    sys.exit(ExitCode.ALL_DONE)
