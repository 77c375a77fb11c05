"""The command line itself: help, version, wrong usage, wrong settings."""

import re
import tomllib
from pathlib import Path

import pytest
import typer.main

from supervisor.cli.app import app
from supervisor.exit_codes import ExitCode
from tests.support.command_line import ROOT, tabcrew
from tests.support.settings_files import write_settings

REFERENCE = (ROOT / "docs/reference/command-line.md").read_text("utf-8")


def test_help_teaches_commands_examples_and_exit_codes_when_asked(tmp_path: Path) -> None:
    ended = tabcrew("--help", folder=tmp_path)
    assert ended.code == 0
    assert "python run.py --only V-0042 --visible" in ended.out
    for name in ("run", "check", "adapter", "status", "retry", "portal"):
        assert re.search(rf"^  {name}  +\w", ended.out, re.MULTILINE)
    for code in ExitCode:
        assert f"{code.value:>3}  {code.meaning}" in ended.out


def test_version_is_the_projects_when_asked(tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert tabcrew("--version", folder=tmp_path).out == f"tabcrew {project['version']}\n"


@pytest.mark.parametrize("arguments", [["--wokers", "3"], ["run", "--wokers", "3"]])
def test_usage_is_refused_when_an_option_is_misspelt(tmp_path: Path, arguments: list[str]) -> None:
    ended = tabcrew(*arguments, folder=tmp_path)
    assert ended.code == ExitCode.USAGE
    assert "--workers" in ended.err


@pytest.mark.parametrize("arguments", [["fetch"], ["run", "V-0001"]])
def test_usage_is_refused_when_a_word_is_no_command(tmp_path: Path, arguments: list[str]) -> None:
    ended = tabcrew(*arguments, folder=tmp_path)
    assert ended.code == ExitCode.USAGE
    assert arguments[-1] in ended.err


@pytest.mark.parametrize("command", [[], ["run"], ["status"], ["retry"]])
def test_settings_are_refused_in_words_when_they_are_wrong(tmp_path: Path, command: list[str]) -> None:
    write_settings(tmp_path, "[run]\nwokers = 3\n")
    ended = tabcrew(*command, folder=tmp_path, environ={"HEADLESS": "perhaps"})
    assert ended.code == ExitCode.USAGE
    assert "settings.ini [run] wokers: no such key; did you mean workers?" in ended.err
    assert "environment HEADLESS [chrome] headless = 'perhaps': expected true or false" in ended.err
    assert "Traceback" not in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["settings.ini"], "nothing may be started or made"


def test_flags_are_checked_like_settings_when_no_command_is_given(tmp_path: Path) -> None:
    write_settings(tmp_path)
    ended = tabcrew("--workers", "99", folder=tmp_path)
    assert ended.code == ExitCode.USAGE
    assert "flag --workers [run] workers = '99': expected a whole number from 1 to 64" in ended.err


def test_settings_file_is_missed_in_words_when_there_is_none(tmp_path: Path) -> None:
    ended = tabcrew(folder=tmp_path)
    assert ended.code == ExitCode.USAGE
    assert "settings.ini: no such settings file: name another with --settings" in ended.err


def test_dotenv_is_read_when_it_lies_beside_the_settings_file(tmp_path: Path) -> None:
    job = tmp_path / "job"
    job.mkdir()
    write_settings(job)
    (job / ".env").write_text("NUM_WORKERS=99\n")
    ended = tabcrew("--settings", job / "settings.ini", folder=tmp_path)
    assert f"{job}/.env NUM_WORKERS [run] workers = '99'" in ended.err


def test_reference_page_names_every_option_when_the_commands_are_read() -> None:
    group = typer.main.get_command(app)
    commands: dict[str, typer.core.TyperCommand] = group.commands  # type: ignore[attr-defined]
    for name, command in commands.items():
        assert f"\n## {name}\n" in REFERENCE
        for parameter in command.params:
            for option in (*parameter.opts, *parameter.secondary_opts):
                if option.startswith("--"):
                    assert f"`{option}" in REFERENCE, f"{name} {option}"


def test_reference_page_has_the_exit_codes_when_they_are_read() -> None:
    table = [f"| {code.value} | {code.name} | {code.meaning} |" for code in ExitCode]
    assert re.findall(r"^\| \d+ \| [A-Z_]+ \|.*\|$", REFERENCE, re.MULTILINE) == table
