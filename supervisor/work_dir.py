"""The work directory: its paths, and the checks that it can be written. Everything a run leaves behind lies
below it.
"""

import errno
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


class WorkDirError(Exception):
    """The work directory cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class WorkDir:
    """``staging`` holds what is not yet proven: documents under their epoch's name, downloads, workers'
    temporary files. ``own_profile``: a profile that lies elsewhere.
    """

    root: Path
    own_profile: Path | None = None

    @property
    def ledger(self) -> Path:
        return self.root / "ledger.sqlite"

    @property
    def status(self) -> Path:
        return self.root / "status.json"

    @property
    def documents(self) -> Path:
        return self.root / "documents"

    @property
    def failures(self) -> Path:
        return self.root / "failures"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def profile(self) -> Path:
        return self.own_profile or self.root / "profile"

    @property
    def staging(self) -> Path:
        return self.root / "staging"

    @property
    def downloads(self) -> Path:
        return self.staging / "downloads"

    @property
    def attached_tabs(self) -> Path:
        """The note of our tabs in a Chrome that is not ours."""
        return self.root / "attached-tabs.txt"

    @property
    def own_downloads(self) -> Path:
        """What the user of a Chrome that is not ours downloaded meanwhile."""
        return self.root / "your-downloads"

    def prepare(self, *, profile: bool = True) -> None:
        """Make the folders, ``profile`` for a Chrome of our own, and prove that files can be written. Raises
        WorkDirError.
        """
        try:
            self._make_root()
            for folder in (self.documents, self.failures, self.logs):
                folder.mkdir(exist_ok=True)
            # The profile is the signed-in session, and downloads and inventories are the user's data in
            # passing.
            for private in (*([self.profile] if profile else []), self.staging):
                private.mkdir(mode=0o700, exist_ok=True)
                private.chmod(0o700)
            for folder in (self.root, self.documents, self.logs):
                with tempfile.TemporaryFile(dir=folder) as probe:
                    probe.write(b"x")
            # SQLite syncs it too when it makes its WAL, but not on a start that finds one.
            sync_directory(self.root)
        except OSError as error:
            what = f" ({error.filename})" if error.filename else ""
            raise WorkDirError(
                f"the work directory {self.root} cannot be written: {error.strerror or error}{what}. "
                "Mend its permissions, or name another with --work-dir or [run] work_dir."
            ) from error

    def _make_root(self) -> None:
        """A new folder is an entry of its parent: unsynced, a power cut takes the whole job with it."""
        made = [folder for folder in (self.root, *self.root.parents) if not folder.exists()]
        self.root.mkdir(parents=True, exist_ok=True)
        for folder in made:
            sync_directory(folder.parent)

    def clear_staging(self) -> None:
        """Remove what unfinished attempts of a dead run left; nothing in staging is ever needed by another
        run. Raises WorkDirError.
        """
        self.remove_staging()
        try:
            self.staging.mkdir(mode=0o700, exist_ok=True)
            self.downloads.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise WorkDirError(f"{self.staging} cannot be made: {error.strerror or error}") from error

    def remove_staging(self) -> None:
        """At a run's end. Raises nothing: the next start removes what a faulty disk kept."""
        shutil.rmtree(self.staging, ignore_errors=True)

    def free_mb(self) -> float:
        """Raises OSError. A root that is not made yet lies where the nearest folder above it does."""
        there = next(folder for folder in (self.root, *self.root.parents) if folder.is_dir())
        return shutil.disk_usage(there).free / 2**20


def replace_file(path: Path, data: bytes) -> None:
    """Replace ``path`` atomically: a reader sees the old or the new content, never half of one. Not
    synced. Raises OSError; then nothing is left beside it.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()  # half of one, on a disk that has no room for it
        raise


def sync_directory(folder: Path) -> None:
    """Make the entries of ``folder`` durable (HAZARDS S3). Raises OSError.

    Windows has no such call and needs none for NTFS. A file system that does not know it says EINVAL or
    EBADF: nothing more can be done there, and PostgreSQL takes it so too.
    """
    if os.name == "nt":
        return
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EBADF):
            raise
    finally:
        os.close(fd)
