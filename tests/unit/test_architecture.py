"""The arrows of DESIGN §11, read from the imports; and the proof that this reading sees a wrong one."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.architecture import ROOMS, Tree

ROOT = Path(__file__).parents[2]
DOC = '"""A module of a made-up tree."""\n'


def tree(folder: Path, files: dict[str, str]) -> Tree:
    """A made-up project: every module has a docstring, then the text given here."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(DOC + text)
    return Tree(folder)


@pytest.fixture(scope="module")
def project() -> Tree:
    return Tree(ROOT)


def test_project_is_read_whole_when_its_rooms_are_looked_for(project: Tree) -> None:
    assert {name.partition(".")[0] for name in project.files} == set(ROOMS)
    for known in ("supervisor.loop", "tabworker.messages", "chrome_launcher.tabs", "supervisor.cli"):
        assert known in project.files
    # The one arrow that lies in an `if`, and one inside a function: both must have been seen.
    seen = {(arrow.importer, arrow.imported.partition(".")[0]) for arrow in project.imports}
    assert ("run", "supervisor") in seen
    assert ("tabworker.main", "tabworker") in seen


def test_project_draws_no_other_arrow_when_its_imports_are_read(project: Tree) -> None:
    assert project.forbidden() == []


def test_project_has_no_import_cycle_when_imports_in_functions_count_too(project: Tree) -> None:
    assert project.cycle() == []


def test_project_explains_every_module_when_docstrings_are_read(project: Tree) -> None:
    assert project.without_docstring() == []


def test_supervisor_loads_no_playwright_when_all_of_it_is_imported(project: Tree) -> None:
    modules = [name for name in project.files if name.partition(".")[0] == "supervisor"]
    code = (
        f"import importlib, sys\nfor name in {modules!r}: importlib.import_module(name)\n"
        "sys.exit(next((name for name in sys.modules if name.startswith('playwright')), 0))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("importer", "text", "arrow"),
    [
        ("run.py", "import tabworker.tab\n", "run:2 imports tabworker.tab"),
        ("tabworker/tab.py", "from supervisor.loop import x\n", "tabworker.tab:2 imports supervisor.loop"),
        (
            "tabworker/tab.py",
            "def f():\n    import supervisor.loop\n",
            "tabworker.tab:3 imports supervisor.loop",
        ),
        ("tabworker/tab.py", "import chrome_launcher\n", "tabworker.tab:2 imports chrome_launcher"),
        (
            "chrome_launcher/tabs.py",
            "from tabworker import tab\n",
            "chrome_launcher.tabs:2 imports tabworker.tab",
        ),
        ("chrome_launcher/tabs.py", "import supervisor\n", "chrome_launcher.tabs:2 imports supervisor"),
        ("supervisor/loop.py", "import demo_portal\n", "supervisor.loop:2 imports demo_portal"),
        ("supervisor/client.py", "import demo_portal\n", "supervisor.client:2 imports demo_portal"),
        ("demo_portal/app.py", "import tabworker.tab\n", "demo_portal.app:2 imports tabworker.tab"),
        ("supervisor/loop.py", "from tests import support\n", "supervisor.loop:2 imports tests"),
        ("tabworker/messages.py", "import tabworker.tab\n", "tabworker.messages:2 imports tabworker.tab"),
        ("tabworker/messages.py", "from . import tab\n", "tabworker.messages:2 imports tabworker.tab"),
        (
            "tabworker/tab.py",
            "import importlib\nimportlib.import_module('supervisor.loop')\n",
            "tabworker.tab:3 imports supervisor.loop",
        ),
        (
            "tabworker/tab.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import supervisor.loop\n",
            "tabworker.tab:4 imports supervisor.loop",
        ),
    ],
)
def test_reading_names_the_arrow_when_a_bad_tree_draws_one(
    tmp_path: Path, importer: str, text: str, arrow: str
) -> None:
    bad = tree(tmp_path, {"tabworker/tab.py": "", "tabworker/__init__.py": "", importer: text})
    assert bad.forbidden() == [arrow]


def test_reading_allows_every_arrow_when_the_design_draws_it(tmp_path: Path) -> None:
    good = tree(
        tmp_path,
        {
            "run.py": "from supervisor.cli import main\n",
            "supervisor/cli/__init__.py": "import demo_portal.server\n",
            "supervisor/cli/portal.py": "def f():\n    from demo_portal import server\n",
            "supervisor/loop.py": "import tabworker.messages, chrome_launcher, os\n",
            "tabworker/messages.py": "import msgspec\nfrom tabworker.failures import FailureClass\n",
            "tabworker/failures.py": "",
            "demo_portal/server.py": "from . import app\n",
            "demo_portal/app.py": "",
        },
    )
    assert good.forbidden() == []
    assert good.cycle() == []
    assert good.without_docstring() == []


@pytest.mark.parametrize(
    "files",
    [
        {"tabworker/a.py": "import tabworker.b\n", "tabworker/b.py": "import tabworker.a\n"},
        {"tabworker/a.py": "from tabworker import b\n", "tabworker/b.py": "def f():\n    from . import a\n"},
        {"tabworker/a.py": "import tabworker.p.b\n", "tabworker/p/__init__.py": "import tabworker.a\n"}
        | {"tabworker/p/b.py": ""},
    ],
    ids=["plain", "inside a function", "through the package's own import"],
)
def test_reading_finds_the_cycle_when_a_bad_tree_has_one(tmp_path: Path, files: dict[str, str]) -> None:
    assert set(tree(tmp_path, files).cycle()) >= {"tabworker.a"}


def test_reading_allows_the_circle_when_one_side_is_for_types_only(tmp_path: Path) -> None:
    types_only = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from tabworker.a import A\n"
    assert (
        tree(tmp_path, {"tabworker/a.py": "import tabworker.b\n", "tabworker/b.py": types_only}).cycle() == []
    )


def test_reading_names_the_module_when_it_has_no_docstring(tmp_path: Path) -> None:
    bad = tree(tmp_path, {"tabworker/explained.py": ""})
    (tmp_path / "tabworker" / "bare.py").write_text("x = 1\n")
    (tmp_path / "tabworker" / "blank.py").write_text('"""  """\n')
    assert bad.without_docstring() == []
    assert Tree(tmp_path).without_docstring() == ["tabworker.bare", "tabworker.blank"]
