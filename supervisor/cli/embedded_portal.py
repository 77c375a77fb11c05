"""The demo portal as a child of a run: started when `url = demo`, gone with the run whatever ends it."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from supervisor.credentials import DEMO_ACCOUNT
from supervisor.settings_portal import PortalSettings

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 3.0
_ANNOUNCEMENT = "listening on "
_CHECKOUT = Path(__file__).resolve().parents[2]


class DemoPortalFailed(Exception):
    """The demo portal did not come up; the message shows its own words."""


class EmbeddedPortal:
    """A context manager; ``url`` is valid inside. Its audit log and its output are files below ``logs``."""

    def __init__(
        self, settings: PortalSettings, logs: Path, start_timeout_s: float = START_TIMEOUT_S
    ) -> None:
        self._arguments = _arguments(settings, logs / "portal-audit.jsonl")
        self._log = logs / "portal.log"
        self._start_timeout_s = start_timeout_s
        self.url = ""

    def __enter__(self) -> Self:
        """Blocks until the portal listens. Raises DemoPortalFailed."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._arguments],
                cwd=_CHECKOUT,
                env=os.environ | {"TABCREW_DEMO_PASSWORD": DEMO_ACCOUNT.password},
                # The portal ends when this pipe does, so also when the supervisor is killed.
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                # Out of the terminal's reach: Ctrl-C drains the run, and that needs the portal to the end.
                start_new_session=True,
            )
        try:
            self.url = self._wait_for_url()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _wait_for_url(self) -> str:
        lines: list[str] = []

        def read() -> None:
            if self._process.stdout is not None:
                lines.append(self._process.stdout.readline().decode("utf-8", "replace").strip())

        # A pipe's readline has no time-out of its own; the thread ends with the line or with the process.
        reader = threading.Thread(target=read, name="portal-start", daemon=True)
        reader.start()
        reader.join(self._start_timeout_s)
        line = lines[0] if lines else ""
        if line.startswith(_ANNOUNCEMENT):
            return line.removeprefix(_ANNOUNCEMENT)
        raise DemoPortalFailed(f"the demo portal did not start: {self._what_went_wrong(line, bool(lines))}")

    def _what_went_wrong(self, line: str, ended: bool) -> str:
        if not ended:
            return f"nothing heard of it for {self._start_timeout_s:g} s; its output is in {self._log}"
        words = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return " / ".join(words[-3:]) or line or f"it ended without a word; its output is in {self._log}"

    def _stop(self) -> None:
        """Returns when the process is gone."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            if os.name == "posix":
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
            self._process.wait()


def _arguments(settings: PortalSettings, audit: Path) -> list[str]:
    return [
        *("-m", "demo_portal", "--port", "0", "--until-stdin-closes"),
        *("--records", str(settings.demo_records)),
        *("--seed", str(settings.demo_seed)),
        *("--latency", str(settings.demo_latency_s)),
        *("--delivery", settings.demo_delivery),
        *("--faults", settings.demo_faults),
        *("--username", DEMO_ACCOUNT.username),
        *("--audit", str(audit.absolute())),
    ]
