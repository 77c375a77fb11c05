"""Running the real command line as a person does: a process, its output, its exit code."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without what would steer Tabcrew or its output."""
    steering = ("TABCREW", "NUM_WORKERS", "MAX_DOWNLOADS", "HEADLESS", "BLOCK_RESOURCES", "TASK_TIMEOUT")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    return kept | {"PYTHONIOENCODING": "utf-8", "COLUMNS": "100"} | dict(extra or {})


def start_tabcrew(
    *arguments: str | Path, folder: Path, environ: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """A running `python run.py`, with ``folder`` as its current folder."""
    return subprocess.Popen(
        [sys.executable, str(ROOT / "run.py"), *map(str, arguments)],
        cwd=folder,
        env=clean_environment(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def tabcrew(
    *arguments: str | Path, folder: Path, environ: Mapping[str, str] | None = None, within_s: float = 60
) -> Ended:
    """What `python run.py …` wrote and how it ended."""
    with start_tabcrew(*arguments, folder=folder, environ=environ) as process:
        try:
            out, err = process.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return Ended(process.returncode, out, err)
