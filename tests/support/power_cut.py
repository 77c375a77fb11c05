"""A disk that forgets what was not synced: what a folder can hold after a power cut, at each sync of a run.

A file is sure to hold what it held at its last fsync, a folder is sure to list what it listed at its own
(POSIX promises no more). What came later has reached the disk or not: file by file, entry by entry, sector by
sector. Between two syncs nothing becomes sure, so every instant between them is one of the cases of the cut
just before the second.

Only syncs are watched; everything else is read from the real folder. Who writes in a way that nobody thought
of here is seen all the same, and who syncs in such a way is held guilty, not innocent.
"""

import itertools
import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from unittest import mock

from tests.support.sqlite_syncs import sqlite_syncs

_SECTOR_BYTES = 512
"""A disk writes a sector whole or not at all; SQLite counts on no more either."""

Content = tuple[bytes, ...]
Entries = dict[str, int]


@dataclass(frozen=True)
class State:
    """Files and folders by inode: a file's sectors, a folder's entries."""

    files: dict[int, Content]
    folders: dict[int, Entries]

    def with_inode_of(self, other: "State", inode: int) -> "State":
        """This state with one file or folder as the other has it."""
        if inode in other.folders:
            return replace(self, folders={**self.folders, inode: other.folders[inode]})
        return replace(self, files={**self.files, inode: other.files[inode]})


@dataclass(frozen=True)
class Cut:
    """The power fails after ``number`` syncs, just before the next: ``durable`` is sure, ``visible`` was
    meant, and holds what is gone as it was last.
    """

    number: int
    root: int
    durable: State
    visible: State

    def restore(self, folder: Path, luck: "Luck") -> None:
        """Make ``folder`` what the machine finds when the power is back. What is so already is left alone:
        making a file costs more than anything else here.
        """
        self._restore(self.root, folder, luck)

    def _restore(self, inode: int, path: Path, luck: "Luck") -> None:
        if inode in self.visible.folders:
            path.mkdir(exist_ok=True)
            entries = self._entries(inode, luck)
            for extra in {found.name for found in path.iterdir()} - entries.keys():
                _remove(path / extra)
            for name, entry in entries.items():
                self._restore(entry, path / name, luck)
            return
        sure = self.durable.files.get(inode, ())
        content = luck.content(sure, self.visible.files[inode])
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)

    def _entries(self, inode: int, luck: "Luck") -> Entries:
        sure = self.durable.folders.get(inode, {})
        meant = self.visible.folders[inode]
        reached: dict[object, bool] = {}
        entries = {}
        for name in sorted({*sure, *meant}):
            before, after = sure.get(name), meant.get(name)
            # A rename within a folder is atomic: both of its names hang on the inode that moved.
            unit = after if after in sure.values() else before if before in meant.values() else name
            if unit not in reached:
                reached[unit] = luck.reached()
            entry = after if reached[unit] else before
            if entry is not None:
                entries[name] = entry
        return entries


class Luck:
    """How much of what was not synced reached the disk: ``none``, ``all``, or ``some`` of it by seed."""

    def __init__(self, kind: str, seed: int = 0) -> None:
        self._kind = kind
        self._random = random.Random(seed)

    def content(self, sure: Content, meant: Content) -> bytes:
        if self._kind != "some" or sure is meant:
            return b"".join(meant if self.reached() else sure)
        ends = _size(sure), _size(meant)
        size = self._random.choice((*ends, self._random.randint(min(ends), max(ends))))
        sectors = itertools.zip_longest(sure, meant, fillvalue=b"")
        mixed = b"".join((new if self.reached() else old).ljust(_SECTOR_BYTES, b"\0") for old, new in sectors)
        return mixed[:size]

    def reached(self) -> bool:
        """Has the next thing that was not synced reached the disk?"""
        return self._kind == "all" or (self._kind == "some" and self._random.random() < 0.5)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _size(content: Content) -> int:
    return sum(map(len, content[-1:])) + _SECTOR_BYTES * max(0, len(content) - 1)


class RecordingDisk:
    """``with RecordingDisk(folder) as disk``: notes a cut at each sync of something below the folder.

    What the folder holds at first counts as durable. ``cuts`` is complete at the end.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._root = folder.stat().st_ino
        self._seen = _SeenInodes()
        self._durable = self._seen.look(folder)
        self.cuts: list[Cut] = []
        self._watch = self._watching()

    @property
    def syncs(self) -> int:
        return len(self.cuts)

    def __enter__(self) -> "RecordingDisk":
        self._watch.__enter__()
        return self

    def __exit__(
        self, type_: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._watch.__exit__(type_, error, tb)
        self._note(None)  # the instant after everything
        self._seen.close()

    @contextmanager
    def _watching(self) -> Iterator[None]:
        with (
            mock.patch("os.fsync", self._note_fd),
            mock.patch("os.fdatasync", self._note_fd, create=True),
            sqlite_syncs(lambda path: self._note(path.stat().st_ino)),
        ):
            yield

    def _note_fd(self, fd: int) -> None:
        self._note(os.fstat(fd).st_ino)

    def _note(self, synced: int | None) -> None:
        visible = self._seen.look(self._folder)
        if synced is not None and synced not in visible.files and synced not in visible.folders:
            return  # outside of the folder
        self.cuts.append(Cut(len(self.cuts), self._root, self._durable, visible))
        if synced is not None:
            self._durable = self._durable.with_inode_of(visible, synced)


class _SeenInodes:
    """Reads a tree again and again. It keeps every inode open, so that no number is given out a second
    time.
    """

    def __init__(self) -> None:
        self._fds: dict[int, int] = {}
        self._last: dict[int, tuple[bytes, Content]] = {}
        self._state = State({}, {})

    def look(self, folder: Path) -> State:
        """What is there now, and what is gone as it was last: an unsynced folder may still list it."""
        self._state = State(dict(self._state.files), dict(self._state.folders))
        self._look(folder, folder.stat().st_ino, self._state)
        return self._state

    def close(self) -> None:
        for fd in self._fds.values():
            os.close(fd)

    def _look(self, path: Path, inode: int, state: State) -> None:
        if inode not in self._fds:
            self._fds[inode] = os.open(path, os.O_RDONLY)
        if not path.is_dir():
            state.files[inode] = self._content(inode)
            return
        entries = state.folders[inode] = {}
        with os.scandir(path) as found:
            for entry in found:
                entries[entry.name] = entry.inode()
                self._look(path / entry.name, entry.inode(), state)

    def _content(self, inode: int) -> Content:
        """Unchanged sectors are shared with the look before: a run of an hour would not fit otherwise."""
        fd = self._fds[inode]
        data = os.pread(fd, os.fstat(fd).st_size, 0)
        before, sectors = self._last.get(inode, (b"", ()))
        if data != before:
            fresh = (data[at : at + _SECTOR_BYTES] for at in range(0, len(data), _SECTOR_BYTES))
            old = iter(sectors)
            sectors = tuple(was if (was := next(old, b"")) == now else now for now in fresh)
            self._last[inode] = (data, sectors)
        return sectors


@contextmanager
def disk_that_need_not_survive() -> Iterator[None]:
    """Syncs do nothing while in use: what is written is to be looked at now, and a sync is slow."""
    with (
        mock.patch("os.fsync"),
        mock.patch("os.fdatasync", create=True),
        sqlite_syncs(lambda _path: None, carry_out=False),
    ):
        yield
