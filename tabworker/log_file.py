"""A log file that rotates, and that a run does not depend on: what cannot be written is left out.

Loguru's own sink prints a traceback on the terminal for each line that a full disk does not take, and several
more at the process's end.
"""

import logging
import sys
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path


class LogFile(RotatingFileHandler):
    """A sink for loguru; lines come formatted. ``fault``: why the last was not written, empty when it was.

    ``run.jsonl`` turns into ``run.1.jsonl``.
    """

    terminator = ""

    def __init__(self, path: Path, *, rotate_mb: int, keep_files: int) -> None:
        super().__init__(
            path,
            maxBytes=rotate_mb * 2**20,
            backupCount=keep_files,
            encoding="utf-8",
            delay=True,  # opened with the first line, so that a file which cannot be opened is no exception
        )
        self.fault = ""
        self._number_at = len(str(path))
        self.namer = self._numbered

    def format(self, record: logging.LogRecord) -> str:
        return record.getMessage()

    def emit(self, record: logging.LogRecord) -> None:
        self.fault = ""
        super().emit(record)

    def close(self) -> None:
        with suppress(OSError):  # the last lines, on a disk that still takes none
            super().close()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
            return
        self.fault = error.strerror or str(error)

    def _numbered(self, default: str) -> str:
        path = Path(default[: self._number_at])
        return str(path.with_name(f"{path.stem}{default[self._number_at :]}{path.suffix}"))
