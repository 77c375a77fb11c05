"""The work directory: made, proven, cleared, and files in it replaced whole."""

import errno
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from unittest import mock

import pytest

from supervisor.disk_room import lack_of_room
from supervisor.work_dir import WorkDir, WorkDirError, replace_file, sync_directory

ROOT = Path(__file__).parents[2]


def test_folders_are_there_when_the_work_directory_was_prepared(tmp_path: Path) -> None:
    work_dir = WorkDir(tmp_path / "deep" / "work")
    work_dir.prepare()
    made = {path.name for path in work_dir.root.iterdir()}
    assert made == {"documents", "failures", "logs", "profile", "staging"}
    work_dir.prepare()  # a second start finds them and is content


def test_private_folders_are_closed_to_others_when_they_were_open(tmp_path: Path) -> None:
    work_dir = WorkDir(tmp_path)
    work_dir.profile.mkdir(mode=0o755)
    work_dir.prepare()
    for private in (work_dir.profile, work_dir.staging):
        assert stat.S_IMODE(private.stat().st_mode) == 0o700


def test_work_directory_is_refused_with_a_remedy_when_its_place_is_a_file(tmp_path: Path) -> None:
    place = tmp_path / "work"
    place.write_text("in the way")
    with pytest.raises(
        WorkDirError, match=r"cannot be written: File exists \(.*work\)\. Mend .* \[run\] work_dir"
    ):
        WorkDir(place).prepare()


def test_work_directory_is_refused_when_documents_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "documents").write_text("in the way")
    with pytest.raises(WorkDirError, match=str(tmp_path)):
        WorkDir(tmp_path).prepare()


@pytest.mark.skipif(os.name != "posix", reason="takes the right to write away by a limit that POSIX has")
def test_work_directory_is_refused_when_folders_can_be_made_but_no_file_written(tmp_path: Path) -> None:
    """Permissions stop nobody who tests as root, so the kernel is told to take no bytes from a child."""
    code = (
        "import resource, sys\nfrom pathlib import Path\nfrom supervisor.work_dir import *\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "try:\n    WorkDir(Path(sys.argv[1])).prepare()\nexcept WorkDirError:\n    sys.exit(8)\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, str(tmp_path)], cwd=ROOT, timeout=60, check=False
    )
    assert done.returncode == 8


def test_only_staging_is_cleared_when_a_run_begins(tmp_path: Path) -> None:
    work_dir = WorkDir(tmp_path)
    work_dir.prepare()
    (work_dir.staging / "worker-1.1").mkdir()
    for left in (
        work_dir.staging / "7.pdf",
        work_dir.staging / "worker-1.1" / "x",
        work_dir.documents / "A.pdf",
    ):
        left.write_bytes(b"x")
    work_dir.clear_staging()
    assert list(work_dir.staging.iterdir()) == [work_dir.downloads]
    assert list(work_dir.downloads.iterdir()) == []
    assert [path.name for path in work_dir.documents.iterdir()] == ["A.pdf"]
    assert stat.S_IMODE(work_dir.staging.stat().st_mode) == 0o700


def test_staging_is_made_when_there_is_none(tmp_path: Path) -> None:
    work_dir = WorkDir(tmp_path)
    work_dir.clear_staging()
    assert work_dir.downloads.is_dir()


def test_free_space_is_told_in_mb_when_asked(tmp_path: Path) -> None:
    assert 0 < WorkDir(tmp_path).free_mb() < 10**9
    assert 0 < WorkDir(tmp_path / "not" / "made" / "yet").free_mb() < 10**9


def test_staging_is_refused_when_it_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "work").write_text("in the way")
    with pytest.raises(WorkDirError, match="staging cannot be made: Not a directory"):
        WorkDir(tmp_path / "work").clear_staging()


def test_lack_of_room_says_what_is_free_and_what_is_needed_when_there_is_too_little(tmp_path: Path) -> None:
    work_dir = WorkDir(tmp_path)
    with mock.patch.object(WorkDir, "free_mb", return_value=99.96):
        assert lack_of_room(work_dir, 99) == ""
        said = lack_of_room(work_dir, 200)
    assert f"only 100.0 MB are free below {tmp_path}, and a run needs 200 MB" in said
    assert "[run] min_free_disk_mb" in said


def test_reader_sees_old_or_new_and_never_half_when_a_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    versions = [bytes([letter]) * 200_000 for letter in b"ab"]
    replace_file(path, versions[0])
    over = threading.Event()

    def write() -> None:
        for turn in range(100):
            replace_file(path, versions[turn % 2])
        over.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not over.is_set():
        assert path.read_bytes() in versions
    writer.join()
    assert list(tmp_path.iterdir()) == [path]


def test_old_content_stays_when_the_new_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    replace_file(path, b"old")
    beside = tmp_path / "gone" / "status.json"
    with pytest.raises(FileNotFoundError):
        replace_file(beside, b"new")
    assert path.read_bytes() == b"old"
    full = mock.patch.object(Path, "replace", side_effect=OSError(errno.ENOSPC, "No space left"))
    with full, pytest.raises(OSError, match="No space left"):
        replace_file(path, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["status.json"]


@pytest.mark.parametrize("code", [errno.EINVAL, errno.EBADF])
def test_sync_of_a_folder_is_let_go_when_the_file_system_does_not_know_it(tmp_path: Path, code: int) -> None:
    with mock.patch("os.fsync", side_effect=OSError(code, os.strerror(code))) as fsync:
        sync_directory(tmp_path)
    fsync.assert_called_once()


def test_sync_of_a_folder_raises_when_the_disk_fails(tmp_path: Path) -> None:
    broken = mock.patch("os.fsync", side_effect=OSError(errno.EIO, "Input/output error"))
    with broken, pytest.raises(OSError, match="Input/output error"):
        sync_directory(tmp_path)
