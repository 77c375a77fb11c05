"""Asks the disk itself whether it takes files, before a record is held to account for what a disk did.

A full disk, one that became read-only and a folder that was taken away show in as many ways as there are
writers: Chrome calls a download cancelled, a driver says that a page failed, an adapter raises what it likes.
"""

import os
import tempfile
from pathlib import Path

_PROBE_BYTES = 256 * 1024
"""About an ordinary document: on a disk that is nearly full a byte may still fit."""


def storage_fault(*folders: Path) -> str:
    """Why one of these folders takes no file; empty when all do. Takes milliseconds: for failures only."""
    for folder in folders:
        try:
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(bytes(_PROBE_BYTES))
                probe.flush()
                os.fsync(probe.fileno())
        except OSError as error:
            return f"{folder} takes no file: {error.strerror or error}"
    return ""
