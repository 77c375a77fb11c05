"""The adapter kit as an author uses it: the starting files as they are written, and what the bench says."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fpdf import FPDF

from adapter_kit import AdapterBench, VerbFailed, recorded_portal, tiny_pdf
from adapter_kit.scaffold import write_starting_files
from adapter_kit.starting_point.test_my_portal import PAGES
from supervisor.exit_codes import ExitCode
from tabworker.adapters.base import Captured, Credentials, Record, Tab
from tabworker.failures import FailureClass
from tests.support.command_line import ROOT, tabcrew
from tests.support.docs import blocks


def test_starting_files_pass_lint_and_their_own_test_when_written_under_any_name(tmp_path: Path) -> None:
    for file in write_starting_files("zoo_portal", tmp_path):
        assert "my_portal" not in file.read_text().lower()
    settings = [f"--config={ROOT / 'pyproject.toml'}", f'--config=src = ["{ROOT}", "{tmp_path}"]']
    for command in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        linted = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *settings, str(tmp_path)], capture_output=True, text=True
        )
        assert linted.returncode == 0, linted.stdout
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_zoo_portal.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert tested.returncode == 0, tested.stdout
    assert "4 passed" in tested.stdout


def test_example_test_of_the_docs_passes_on_a_folder_of_saved_pages(tmp_path: Path) -> None:
    """docs/how-to/write-an-adapter.md, "Test it on recorded pages", with the pages of the starting files."""
    [text] = [text for page, _, text in blocks("python") if page.name == "write-an-adapter.md"]
    write_starting_files("my_portal", tmp_path)
    (tmp_path / "test_my_portal.py").write_text(text)
    for name, content in {**PAGES, "reports/V-1.pdf": pdf_of_two_pages("Report of V-1")}.items():
        page = tmp_path / "pages" / name
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_bytes(content.encode() if isinstance(content, str) else content)

    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_my_portal.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert tested.returncode == 0, tested.stdout
    assert "1 passed" in tested.stdout


def pdf_of_two_pages(text: str) -> bytes:
    pdf = FPDF()
    pdf.set_font("Helvetica")
    for _ in range(2):
        pdf.add_page()
        pdf.cell(text=text)
    return bytes(pdf.output())


class Clumsy:
    """Each verb but the proof goes wrong in a way of its own, by the record that is asked for."""

    def is_signed_in(self, tab: Tab) -> bool:
        tab.page.goto("about:blank")
        return True

    def sign_in(self, tab: Tab, credentials: Credentials) -> None:
        raise AssertionError(f"the session is always good: {credentials} {tab}")

    def list_records(self, tab: Tab) -> Iterator[Record]:  # noqa: ARG002
        yield Record("V-1")
        yield Record("V-1")
        yield Record("V-2")

    def fetch_document(self, tab: Tab, record: Record) -> Captured:
        tab.step("look for the report")
        if record.ref == "V-2":
            return int(record.ref)  # type: ignore[return-value]  # the line of the bug
        return tab.capture.fetch("/V-9.pdf")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdapterBench]:
    pages = {"V-9.pdf": tiny_pdf("Report of V-9")}
    with (
        recorded_portal(pages) as url,
        AdapterBench(Clumsy, url, tmp_path_factory.mktemp("bench")) as bench,
    ):
        yield bench
        bench.tab.page.goto("about:blank")


def test_bench_names_verb_step_and_line_when_an_adapter_has_a_bug(bench: AdapterBench) -> None:
    with pytest.raises(VerbFailed, match="unexpected ValueError") as caught:
        bench.fetch_document(Record("V-2"))
    failed = caught.value
    assert (failed.verb, failed.step) == ("fetch_document", "look for the report")
    assert "# the line of the bug" in str(failed)
    assert isinstance(failed.__cause__, ValueError)
    assert any(path.suffix == ".txt" and path.is_file() for path in failed.evidence)


def test_bench_refuses_a_document_of_another_record_as_a_run_would(bench: AdapterBench) -> None:
    url = bench.settings.url
    bench.tab.page.goto(url)
    with pytest.raises(VerbFailed) as caught:
        bench.fetch_document(Record("V-1"))
    assert caught.value.failure_class is FailureClass.TRANSIENT
    assert "V-1" in caught.value.reason


def test_bench_lists_each_record_once_when_the_adapter_repeats_one(bench: AdapterBench) -> None:
    assert [record.ref for record in bench.list_records()] == ["V-1", "V-2"]


def test_adapter_command_says_which_verb_failed_when_the_pages_do_not_fit(tmp_path: Path) -> None:
    assert tabcrew("adapter", "new", "fleet", folder=tmp_path).code == ExitCode.ALL_DONE
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "records.html").write_text(
        "<a href=/out>Sign out</a><table><tbody></tbody></table>"
    )
    tried = tabcrew("adapter", "try", "fleet:Fleet", "--pages", "pages", folder=tmp_path)
    assert tried.code == ExitCode.SOME_FAILED
    assert "✓ sign_in" in tried.out
    assert "list_records: the list is empty" in tried.err
