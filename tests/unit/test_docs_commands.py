"""Commands in the documentation can be typed: targets, modules and options exist, and values are taken."""

import importlib.util
import re
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from adapter_kit.scaffold import write_starting_files
from supervisor.cli.app import app
from supervisor.ledger import Ledger
from tests.support.docs import ROOT, commands
from tests.support.settings_files import load

NOT_OURS = ("git", "cd", "books-venv/bin/pip", "books-venv/bin/cps")
SECRETS = ("TABCREW_USERNAME", "TABCREW_PASSWORD")
OVERRIDES = {"workers": "run.workers", "limit": "run.limit", "headless": "chrome.headless"}
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def examples_of_the_help() -> list[str]:
    return re.findall(r"^  python run\.py(?: \S+)*", app.info.epilog or "", re.MULTILINE)


def parsed(arguments: list[str]) -> dict[str, Any]:
    """What the command line makes of them. Raises a usage error as it does for a person."""
    command: Any = typer.main.get_command(app)
    name: str | None = "run.py"
    context = None
    while True:
        context = command.make_context(name, arguments, parent=context)
        if not isinstance(command, TyperGroup):
            break
        name, command, arguments = command.resolve_command(context, [*context._protected_args, *context.args])
    values: dict[str, Any] = context.params
    assert not context.args or values.get("only"), f"left over: {context.args}"
    return values


def try_command(words: list[str], folder: Path) -> None:
    """Raises or fails when the command could not be typed; runs none that would start anything."""
    environ = {}
    while words and (words[0] == "export" or re.match(r"\w+=", words[0])):
        name, _, value = words.pop(0).partition("=")
        if name != "export" and name not in SECRETS:
            environ[name] = value
    load(folder, environ=environ)  # refuses a TABCREW__ name that it does not know
    match words:
        case []:
            return
        case ["xvfb-run", *rest]:
            try_command(rest, folder)
        case ["tmux", "new", "-s", _, line]:
            try_command(shlex.split(line), folder)
        case ["make", target]:
            assert target in TARGETS
        case ["python" | ".venv/bin/python", "run.py", "--help"]:
            return
        case ["python" | ".venv/bin/python", "run.py", *arguments]:
            values = parsed(arguments)
            load(
                folder, overrides={OVERRIDES[name]: values[name] for name in OVERRIDES.keys() & values.keys()}
            )
        case ["python" | "python3" | ".venv/bin/python", "-m", module, *_]:
            assert importlib.util.find_spec(module), f"no module {module}"
        case ["pytest", file]:
            module = file.removeprefix("test_").removesuffix(".py")
            assert folder / file in write_starting_files(module, folder)
        case ["sqlite3", "work/ledger.sqlite", sql]:
            Ledger.open(folder / "ledger.sqlite").close()
            with closing(sqlite3.connect(folder / "ledger.sqlite")) as connection:
                connection.execute(sql)
        case ["keyring", "set", service, _]:
            assert re.fullmatch(r"tabcrew:[\w.-]+(:totp)?", service)
        case _:
            assert words[0] in NOT_OURS, f"nothing here tries {words[0]}"


@pytest.mark.parametrize(
    "words", [pytest.param(words, id=f"{page.name}-{shlex.join(words)}") for page, words in commands()]
)
def test_command_can_be_typed(words: list[str], tmp_path: Path) -> None:
    try_command(list(words), tmp_path)


def test_commands_are_found_when_they_are_looked_for() -> None:
    found = {shlex.join(words) for _, words in commands()}
    assert {"make run", "python run.py status --json", "python run.py --fresh"} <= found


@pytest.mark.parametrize("line", examples_of_the_help())
def test_example_of_the_help_can_be_typed(line: str, tmp_path: Path) -> None:
    try_command(shlex.split(line), tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        *(
            "make rum",
            "python run.py --wokers 3",
            "python run.py --workers many",
            "python run.py --workers 99",
        ),
        *(
            "python run.py fetch",
            "python run.py run V-1",
            "python run.py --slow-mo 9000",
            "python -m no_module",
        ),
        *("TABCREW__PORTAL__DEMO_FAULTS=hnag=1 python run.py", "tmux new -s night 'python run.py --nigth'"),
        *(
            "keyring set tabcrew/portal.example NAME",
            "sqlite3 work/ledger.sqlite 'SELECT no FROM tasks'",
            "rm x",
        ),
    ],
)
def test_command_is_refused_when_it_is_wrong(line: str, tmp_path: Path) -> None:
    with pytest.raises(Exception):  # noqa: B017, PT011  # each in its own way
        try_command(shlex.split(line), tmp_path)
