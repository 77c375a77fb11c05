"""The documentation tells the truth: its links lead somewhere; its SQL, settings and commands work."""

import configparser
import re
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from supervisor.cli.app import app
from supervisor.ledger import Ledger
from supervisor.settings_model import SECTIONS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^ *```(\w+)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)


def blocks(language: str) -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        for name, text in FENCE.findall(page.read_text("utf-8")):
            if name == language:
                yield page, text


def cases(language: str) -> list[object]:
    return [pytest.param(text, id=page.name) for page, text in blocks(language)]


def test_pages_are_found_when_they_are_looked_for() -> None:
    assert {"README.md", "quickstart.md", "settings.md", "glossary.md"} <= {page.name for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        if "://" in path:
            continue
        aim = (page.parent / path).resolve() if path else page
        assert aim.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in anchors(aim), f"{page.name}: {target}"


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("sql", cases("sql"))
def test_sql_runs_on_a_ledger(sql: str, tmp_path: Path) -> None:
    Ledger.open(tmp_path / "ledger.sqlite").close()
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection:
        connection.execute(sql)


@pytest.mark.parametrize("table", ["tasks", "attempts", "meta"])
def test_ledger_page_names_every_column_in_order(table: str, tmp_path: Path) -> None:
    Ledger.open(tmp_path / "ledger.sqlite").close()
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection:
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    section = (ROOT / "docs/reference/ledger.md").read_text("utf-8").partition(f"## {table}\n")[2]
    told = re.findall(r"^\| `(\w+)`", section.partition("\n## ")[0], re.MULTILINE)
    assert told == columns


@pytest.mark.parametrize("ini", cases("ini"))
def test_settings_in_examples_exist(ini: str) -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(ini)
    for section in parser.sections():
        assert set(parser[section]) <= set(SECTIONS[section].model_fields), f"[{section}]"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_settings_in_the_text_exist(page: Path) -> None:
    if page.name == "CHANGELOG.md":
        return  # it tells of what was
    for section, key in re.findall(r"`\[(\w+)\] (\w+)", page.read_text("utf-8")):
        assert key in SECTIONS[section].model_fields, f"{page.name}: [{section}] {key}"


def commands() -> Iterator[tuple[str, str]]:
    for page, text in blocks("sh"):
        for line in text.splitlines():
            if found := re.search(r"\brun\.py\b([^'#|\n]*)", line):
                yield page.name, found[1]


@pytest.mark.parametrize("line", [pytest.param(line, id=f"{page}:{line}") for page, line in commands()])
def test_options_of_commands_exist(line: str) -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    words = shlex.split(line)
    command = group
    while words and not words[0].startswith("-") and isinstance(command, TyperGroup):
        found = command.commands.get(words.pop(0))
        assert found is not None, line
        command = found  # type: ignore[assignment]
    if command is group:
        command = group.commands["run"]  # type: ignore[assignment]
    known = {
        option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
    }
    unknown = [word for word in words if word.startswith("--") and word.split("=")[0] not in known]
    assert not unknown
