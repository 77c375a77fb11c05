"""Only this file keeps Chrome's stderr: in a file, because a pipe that nobody reads would block Chrome."""

from pathlib import Path
from typing import BinaryIO

_TAIL_CHARACTERS = 3000
_LOOK_BACK_BYTES = 32_000
_NOISE = ("dbus/bus.cc", "dbus/object_proxy.cc")
"""A dozen lines at every start without a desktop: they would push the reason of a failure out of sight."""


def open_stderr(path: Path) -> BinaryIO:
    """A fresh file that only we may read: Chrome's messages can hold addresses of the portal."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    return path.open("ab")


def stderr_tail(path: Path) -> str:
    """The last words, without the usual noise and without what could steer a terminal."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _LOOK_BACK_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    lines = [line for line in text.splitlines() if not any(noise in line for noise in _NOISE)]
    printable = ["".join(c if c.isprintable() else "?" for c in line) for line in lines]
    return "\n".join(printable).strip()[-_TAIL_CHARACTERS:]
