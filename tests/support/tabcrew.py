"""Tabcrew as a user runs it: `python run.py` as a child process, seen through its files and the process
table.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from chrome_launcher.process_tree import processes_of_profile, processes_with_environment
from supervisor.guardian import RUN_MARK
from supervisor.snapshot import Counts
from tests.support.eventually import eventually
from tests.support.portal import PASSWORD, USERNAME
from tests.support.small_disk import SmallDisk

REPOSITORY = Path(__file__).parents[2]


class TabcrewProcess:
    """``with TabcrewProcess(tmp_path, portal.url, workers=2) as crew: crew.wait(within_s=60)``.

    ``settings``: section.key → value, over the shipped settings.ini; ``arguments``: of the command line.
    ``folder``: of the work directory and the output; on a small disk lies the work directory alone.
    """

    program: tuple[str, ...] = ("run.py",)

    def __init__(
        self,
        folder: Path | SmallDisk,
        url: str,
        *arguments: str,
        environ: dict[str, str] | None = None,
        **settings: object,
    ) -> None:
        self._disk = disk = folder if isinstance(folder, SmallDisk) else None
        outside = folder.beside if isinstance(folder, SmallDisk) else folder
        self.work_dir = (disk.seen if disk else outside) / "work"
        self._own_work_dir = (disk.place if disk else outside) / "work"
        self._enter = disk.enter if disk else ()
        self.arguments = arguments
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith("TABCREW")}
        self.environ |= {"TABCREW__PORTAL__URL": url, "TABCREW__RUN__WORK_DIR": str(self._own_work_dir)}
        if url != "demo":
            self.environ |= {"TABCREW_USERNAME": USERNAME, "TABCREW_PASSWORD": PASSWORD}
        for key, value in settings.items():
            self.environ[f"TABCREW__{key.upper()}"] = str(value)
        self.environ |= environ or {}
        self.output = outside / "output.txt"
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child is not None and self._child.poll() is None:
            self._child.kill()
            self._child.wait()
            eventually(lambda: not self.processes(), within_s=5, what="the guardian sweeps a killed run")

    def start(self, *arguments: str) -> None:
        """Run the same command (again)."""
        command = [*self._enter, sys.executable, *self.program, "run", *self.arguments, *arguments]
        with self.output.open("ab") as output:
            self._child = subprocess.Popen(
                command,
                cwd=REPOSITORY,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    # --- the run as a process ---

    @property
    def pid(self) -> int:
        return self._running.pid

    def wait(self, within_s: float) -> int:
        """The exit code."""
        try:
            return self._running.wait(timeout=within_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {within_s} s:\n{self.said()[-3000:]}") from None

    def interrupt(self) -> None:
        """Ctrl-C as the terminal sends it: to the whole foreground process group."""
        os.killpg(self.pid, signal.SIGINT)

    def kill(self) -> None:
        """SIGKILL the supervisor alone and reap it."""
        self._running.kill()
        self._running.wait()

    def said(self) -> str:
        return self.output.read_text("utf-8", "replace")

    # --- the run seen from outside ---

    def status(self) -> dict[str, Any]:
        """status.json, empty while there is none."""
        try:
            status: dict[str, Any] = json.loads((self.work_dir / "status.json").read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return {}
        return status

    def worker(self, slot: int = 1, state: str | None = None, within_s: float = 40.0) -> dict[str, Any]:
        """The row of a worker once it is in ``state``; its ``pid`` is the process to do harm to."""

        def find() -> dict[str, Any] | None:
            rows: list[dict[str, Any]] = self.status().get("workers", [])
            return next((r for r in rows if r["slot"] == slot and state in (None, r["state"])), None)

        found = eventually(find, within_s, f"worker {slot} {state or ''}")
        assert found is not None
        return found

    def wait_for_documents(self, count: int, within_s: float) -> None:
        eventually(lambda: self.done() >= count, within_s, f"{count} documents")

    def done(self) -> int:
        """Documents delivered so far, as the files show it."""
        return len(self.documents())

    def documents(self) -> list[str]:
        folder = self.work_dir / "documents"
        return sorted(path.name for path in folder.glob("*.pdf")) if folder.is_dir() else []

    def processes(self) -> list[psutil.Process]:
        """Every living process of this run but the supervisor itself."""
        marked = processes_with_environment(RUN_MARK, self.status().get("run_id", "?"))
        return [*marked, *processes_of_profile(self._own_work_dir / "profile")]

    def log(self, event: str | None = None) -> list[dict[str, Any]]:
        """The supervisor's log lines, all or those of one event."""
        lines = []
        for path in sorted((self.work_dir / "logs").glob("run*.jsonl")):
            for line in path.read_text("utf-8").splitlines():
                record = json.loads(line)
                if event in (None, record["event"]):
                    lines.append(record)
        return lines

    # --- the ledger, once the run has let go of it ---

    def counts(self) -> Counts:
        rows = self.query("SELECT state, count(*) FROM tasks GROUP BY state")
        by_state = {str(state): int(number) for state, number in rows}
        return Counts(accepted=sum(by_state.values()), **by_state)

    def query(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Read the ledger. Raises sqlite3.OperationalError while a supervisor holds it."""
        ledger = self.work_dir / "ledger.sqlite"
        if self._disk is not None:
            ledger = self._disk.copy_out(ledger)
        with closing(sqlite3.connect(ledger)) as connection:
            return connection.execute(sql, parameters).fetchall()

    def assert_clean(self) -> None:
        """Nothing of the run is left: no process, nothing in staging, no half-written file, leases all
        settled.
        """
        left = eventually(lambda: self.processes() or "none", within_s=2.0)
        assert left == "none", [(process.pid, process.cmdline()[:3]) for process in left]  # type: ignore[union-attr]
        staging = self.work_dir / "staging"
        assert not staging.exists() or [p for p in staging.rglob("*") if p.is_file()] == []
        assert list(self.work_dir.rglob(".*.tmp")) == []
        counts = self.counts()
        assert counts.leased == 0
        assert counts.accepted == counts.pending + counts.leased + counts.ended
        assert counts.done == self.done()

    @property
    def _running(self) -> "subprocess.Popen[bytes]":
        if self._child is None:
            raise RuntimeError("not started")
        return self._child


class BrowserlessProcess(TabcrewProcess):
    """The same without Chrome: workers fetch by plain requests. For faults that no page sees."""

    program = ("-m", "tests.support.browserless")
