"""The run's own temporary folder: what Chrome and the drivers drop there ends with the run, however it ends.

Chrome begins every download as a file in the temporary folder and moves it once it knows its name. A Chrome
that is killed in between leaves that piece of a document behind, and nobody would ever look there.
"""

import os
import shutil
import tempfile
from pathlib import Path

_NAMES = ("TMPDIR", "TEMP", "TMP")
"""The environment variables that name it, on POSIX and on Windows."""


def run_temp(run_id: str) -> Path:
    """Where a run's folder lies. Short: Chrome's socket lies below it, and its path may have 100 letters."""
    return Path(tempfile.gettempdir()) / f"tabcrew-{run_id[:8]}"


def begin_run_temp(run_id: str) -> Path:
    """Make the folder, for us alone, and have every child use it from now on. Raises OSError."""
    folder = run_temp(run_id)
    folder.mkdir(mode=0o700)
    os.environ.update(dict.fromkeys(_NAMES, str(folder)))
    return folder


def remove_run_temp(folder: Path) -> None:
    """Remove it with all that lies in it; it may be gone already."""
    shutil.rmtree(folder, ignore_errors=True)
