"""The command line itself: help, version, wrong usage, wrong settings."""

import re
import tomllib
from pathlib import Path

import pytest
import typer.main

from supervisor.cli.app import app
from supervisor.exit_codes import ExitCode
from supervisor.ledger import Ledger
from supervisor.settings_errors import shown_value
from tabworker.messages import Record
from tests.support.command_line import ROOT, tabcrew
from tests.support.settings_files import write_settings
from tests.support.wrong_settings import WRONG

NO_ACCOUNT = (
    "[portal]\nurl = http://127.0.0.1:9\nsigned_in_selector = #me\n"
    "export_selector = #csv\ndocument_url = /doc/{ref}.pdf\n"
)
NO_KEYRING = "keyring.backends.null.Keyring"
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


def test_every_key_is_refused_at_once_when_each_has_a_wrong_value(tmp_path: Path) -> None:
    sections: dict[str, list[str]] = {}
    wrong = {key: several[0] for key, several in WRONG.items() if several[0].alone}
    for (section, key), one in wrong.items():
        sections.setdefault(section, [f"[{section}]"]).append(f"{key} = {one.value}")
    write_settings(tmp_path, "\n".join(line for lines in sections.values() for line in lines))
    ended = tabcrew(folder=tmp_path)
    assert ended.code == ExitCode.USAGE
    for (section, key), one in wrong.items():
        assert f"settings.ini [{section}] {key} = {shown_value(one.value)}: {one.expected}" in ended.err
    assert f"{len(wrong)} problems in the settings, nothing was started:" in ended.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--workers", "99"], "flag --workers [run] workers = '99': expected a whole number from 1 to 64"),
        (["--workers", "many"], "Invalid value for '--workers': Input should be a valid integer"),
        (["run", "--limit", "-1"], "flag --limit [run] limit = '-1': expected a whole number, 0 or more"),
        (["--slow-mo", "9000"], "Invalid value for '--slow-mo': Input should be less than or equal to 5000"),
        (["--work-dir", "settings.ini"], "flag --work-dir [run] work_dir = 'settings.ini': must be a folder"),
    ],
)
def test_flag_is_named_when_its_value_is_wrong(tmp_path: Path, arguments: list[str], words: str) -> None:
    write_settings(tmp_path)
    ended = tabcrew(*arguments, folder=tmp_path)
    assert ended.code == ExitCode.USAGE
    assert words in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["settings.ini"], "nothing may be started or made"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["run"], "[run]\nworkers = many\n"),
        (["run", "--fresh"], "[portal]\nsigned_in_selector = [\n"),
        (["run", "--fresh"], NO_ACCOUNT),
        (["check"], "[retry]\nbackoff_max_s = 1\n"),
        (["check"], NO_ACCOUNT),
        (["retry"], "[portal]\nurl = https://\n"),
        (["status"], "[chrome]\nstart_timeout_s = inf\n"),
    ],
)
def test_work_directory_is_left_as_it_is_when_a_run_in_it_is_refused(
    tmp_path: Path, arguments: list[str], text: str
) -> None:
    work = tmp_path / "work"
    (work / "documents").mkdir(parents=True)
    (work / "documents" / "V-1.pdf").write_bytes(b"%PDF-")
    ledger = Ledger.open(work / "ledger.sqlite")
    ledger.accept([Record("V-1"), Record("V-2")])
    ledger.close()
    write_settings(tmp_path, text)

    before = contents(work)
    ended = tabcrew(*arguments, folder=tmp_path, environ={"PYTHON_KEYRING_BACKEND": NO_KEYRING})
    assert ended.code == ExitCode.USAGE, ended.err
    assert contents(work) == before


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Of every file and folder below: when it was changed, and what a file holds."""
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


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
