"""The documentation tells the truth: its links lead somewhere, its SQL runs, its Python too."""

import inspect
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from adapter_kit import AdapterBench
from supervisor.ledger import Ledger
from tabworker.adapters import base
from tests.support.docs import PAGES, ROOT, blocks, cases


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


def test_blocks_are_in_languages_that_are_tried() -> None:
    """sh: test_docs_commands; ini: test_docs_settings. What has no language is shown, not typed."""
    assert {language for _, language, _ in blocks()} == {"", "text", "sh", "ini", "python", "sql"}


def test_python_blocks_are_those_that_are_run() -> None:
    """write-an-adapter.md: tests/browser/test_adapter_kit.py."""
    assert [page.name for page, _, _ in blocks("python")] == ["write-an-adapter.md", "adapter-api.md"]


def test_adapter_api_shows_the_verbs_as_they_are() -> None:
    [text] = [text for page, _, text in blocks("python") if page.name == "adapter-api.md"]
    names = dict(vars(base))  # "all names come from tabworker.adapters.base"
    exec(text, names)
    shown = names["MyPortal"]
    verbs = {name for name in vars(base.Adapter) if not name.startswith("_")}
    assert {name for name in vars(shown) if not name.startswith("_")} == verbs
    for verb in verbs:
        assert inspect.signature(getattr(shown, verb)) == inspect.signature(getattr(base.Adapter, verb))


def test_adapter_api_names_what_there_is() -> None:
    page = (ROOT / "docs/reference/adapter-api.md").read_text("utf-8")
    failures = page.partition("## Failures")[2].partition("\n## ")[0]
    told = set(re.findall(r"(?m)^\| `(\w+)|^\| `\w+` \(`(\w+)`\)", failures))
    assert {name for pair in told for name in pair if name} <= set(base.__all__)
    [bench] = re.findall(r"(?m)^\| `AdapterBench\((.*?)\)`", page)
    parameters = inspect.signature(AdapterBench).parameters.values()
    told_parameters = [part.partition("=")[0].strip("* ") for part in bench.split(",") if part.strip() != "*"]
    assert told_parameters == [parameter.name for parameter in parameters]
