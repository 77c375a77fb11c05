"""The run's own temporary folder: private, used by every child, gone afterwards with all that lies in it."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from supervisor.run_temp import begin_run_temp, remove_run_temp, run_temp

RUN_ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def system_temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of the system's that is the test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(tmp_path))
    return tmp_path


def test_run_temp_is_private_when_it_was_begun(system_temp: Path) -> None:
    folder = begin_run_temp(RUN_ID)
    assert folder.parent == system_temp
    assert folder.stat().st_mode & 0o777 == 0o700


def test_run_temp_is_what_a_child_uses_when_it_was_begun() -> None:
    folder = begin_run_temp(RUN_ID)
    code = "import tempfile; print(tempfile.gettempdir())"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout.strip() == str(folder)


def test_run_temp_is_found_by_the_next_run_when_its_own_has_died() -> None:
    folder = begin_run_temp(RUN_ID)
    (folder / "org.chromium.Chromium.x").mkdir()
    (folder / ".org.chromium.Chromium.y").write_bytes(b"%PDF-1.7 half a document")
    remove_run_temp(run_temp(RUN_ID))
    assert not folder.exists()


def test_removing_run_temp_does_nothing_when_it_is_gone() -> None:
    remove_run_temp(run_temp(RUN_ID))
    assert not run_temp(RUN_ID).exists()


def test_run_temp_is_refused_when_somebody_has_made_it_before(system_temp: Path) -> None:
    run_temp(RUN_ID).symlink_to(system_temp)
    with pytest.raises(FileExistsError):
        begin_run_temp(RUN_ID)
