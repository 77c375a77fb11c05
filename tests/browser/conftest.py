"""One Chrome for the tests of a file, and a fresh tab of it for each test of the form adapter."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tabworker.tab import Tab
from tests.support.form_bench import Bench, form_bench, fresh_tab


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with form_bench(tmp_path_factory.mktemp("bench")) as bench:
        yield bench


@pytest.fixture
def tab(bench: Bench, tmp_path: Path) -> Iterator[Tab]:
    with fresh_tab(bench, tmp_path / "captured") as tab:
        tab.step("begin")
        yield tab
