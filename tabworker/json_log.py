"""The log file's form: one JSON object a line, with a stable ``event`` key and ids beside the sentence."""

import json
import traceback
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loguru import logger

from tabworker.log_file import LogFile
from tabworker.masking import masked

if TYPE_CHECKING:
    from loguru import Record


def log_to_file(
    path: Path,
    level: str,
    *,
    secrets: Collection[str] = (),
    rotate_mb: int = 20,
    keep_files: int = 5,
    **ids: object,
) -> LogFile:
    """Send this process's log to ``path``, rotated, and nowhere else. ``ids`` stand on every line. What
    cannot be written is left out.

    ``secrets`` are masked, also those that are added to it later. Tracebacks are written without the values
    of variables.
    """
    logger.remove()
    logger.configure(extra={"event": "", **ids})
    file = LogFile(path, rotate_mb=rotate_mb, keep_files=keep_files)
    logger.add(file, level=level, format=partial(_line, secrets), diagnose=False, backtrace=False)
    return file


def _line(secrets: Collection[str], record: "Record") -> str:
    """A format for loguru, which fills it in: so braces of ours must not look like fields of its own."""
    extra = dict(record["extra"])
    fields: dict[str, Any] = {
        "at": record["time"].astimezone().isoformat(timespec="milliseconds"),
        "level": record["level"].name.lower(),
        "event": extra.pop("event", "") or record["name"],
        **{key: value for key, value in extra.items() if not key.startswith("_")},
        "text": masked(record["message"], secrets),
    }
    error = record["exception"]
    if error is not None:
        trace = "".join(traceback.format_exception(error.type, error.value, error.traceback))
        fields["traceback"] = masked(trace, secrets)
    record["extra"]["_json"] = json.dumps(fields, ensure_ascii=False, default=str)
    return "{extra[_json]}\n"
