"""A file system of a few MB that can really be full or read-only: a tmpfs in a mount namespace of its own.

It ends with the process that holds the namespace, however the test ends, and nobody else on the machine sees
it: what lies on it is reached through that process (``/proc/<pid>/root``).
"""

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

_REPOSITORY = Path(__file__).parents[2]
_AS_ROOT = ("--mount",)
_AS_USER = ("--mount", "--user", "--map-root-user")
_HOLD = 'mount -t tmpfs -o "size=$1" small "$2" && echo mounted && exec cat'
_PLAIN_USER = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
"""Without the rights by which root, and whoever is root of a namespace, passes over permissions."""


class SmallDisk:
    """``with SmallDisk(tmp_path, size_mb=8) as disk: … disk.fill() … disk.make_room()``.

    ``beside``: the folder that holds its mount point. ``place``: the path by which processes on the disk know
    it; ``seen``: the same for the test, outside.
    ``enter``: the words in front of a command that is to run on it. Skips the test where nobody may mount.
    """

    hold = _HOLD
    """Shell: mounts ``$1`` bytes at ``$2``, says so, and ends with its input."""

    def __init__(self, folder: Path, size_mb: float) -> None:
        self.beside = folder
        self.place = folder / "small-disk"
        self._size = int(size_mb * 2**20)
        self._holder: subprocess.Popen[str] | None = None
        self._namespaces: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        self.place.mkdir()
        for namespaces in (_AS_ROOT, _AS_USER):
            if self._mount(namespaces):
                return self
        pytest.skip("nobody may mount a file system here: neither root nor user namespaces are available")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()

    # --- for who runs on it ---

    @property
    def seen(self) -> Path:
        return Path(f"/proc/{self._pid}/root{self.place}")

    @property
    def enter(self) -> tuple[str, ...]:
        return (*self._nsenter, *_PLAIN_USER)

    def copy_out(self, ledger: Path) -> Path:
        """For SQLite, which resolves the links of a path itself and so misses what is seen from outside."""
        outside = self.beside / "copied-out"
        shutil.rmtree(outside, ignore_errors=True)
        outside.mkdir()
        for part in ledger.parent.glob(f"{ledger.name}*"):
            shutil.copyfile(part, outside / part.name)
        return outside / ledger.name

    # --- what happens to it ---

    def mount_below(self, name: str, size_mb: float) -> None:
        """A smaller disk in place of one of its folders."""
        size = f"size={int(size_mb * 2**20)}"
        self._inside("mount", "-t", "tmpfs", "-o", size, "smaller", str(self.place / name))

    def fill(self, name: str = "", leave_kib: int = 0) -> None:
        """A file grows beside whatever lies there, or below, until so much is left."""
        with (self.seen / name / "neighbour").open("ab", buffering=0) as file, suppress(OSError):
            # Raises where the run took the last of it meanwhile.
            while (free := self.free_kib(name)) > leave_kib:
                file.write(b"\0" * 1024 * min(64, free - leave_kib))

    def make_room(self) -> None:
        (self.seen / "neighbour").unlink()

    def free_kib(self, name: str = "") -> int:
        disk = os.statvfs(self.seen / name)
        return disk.f_bavail * disk.f_frsize // 1024

    def make_read_only(self) -> None:
        """For whoever opens, makes or renames anything from now on. What is open for writing stays so: no
        kernel takes a file system from its writers by request, only after a fault of the device.
        """
        self._inside("mount", "--bind", str(self.place), str(self.place))
        self._inside("mount", "-o", "remount,bind,ro", str(self.place))

    def make_writable(self) -> None:
        self._inside("umount", str(self.place))

    # --- inside ---

    def _mount(self, namespaces: tuple[str, ...]) -> bool:
        command = ["unshare", *namespaces, "sh", "-c", self.hold, "hold", str(self._size), str(self.place)]
        self._namespaces = namespaces
        try:
            self._holder = subprocess.Popen(
                command,
                cwd=_REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        except FileNotFoundError:
            return False  # not a Linux
        if self._holder.stdout is not None and self._holder.stdout.readline() == "mounted\n":
            return True
        self._release()
        return False

    @property
    def _pid(self) -> int:
        if self._holder is None:
            raise RuntimeError("the small disk is not mounted")
        return self._holder.pid

    @property
    def _nsenter(self) -> tuple[str, ...]:
        user = ("--user", "--preserve-credentials") if self._namespaces is _AS_USER else ()
        return ("nsenter", f"--target={self._pid}", "--mount", *user, "--wd")

    def _inside(self, *command: str) -> None:
        subprocess.run([*self._nsenter, *command], check=True, timeout=10)

    def _release(self) -> None:
        holder, self._holder = self._holder, None
        if holder is None:
            return
        for stream in (holder.stdin, holder.stdout):
            if stream is not None:
                stream.close()  # the holder reads its input to the end, and ends with it
        holder.wait(timeout=5)
