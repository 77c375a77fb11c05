"""The portal's own memory of what it was asked: JSON lines, appended and flushed one by one.

Tests prove "one login" and "no duplicates" from this side, so an event is written when it is true, not
before: ``document_served`` with ``complete`` true as the last byte is handed to the connection.
"""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TextIO

Event = Literal[
    "login",
    "login_refused",
    "licence_accepted",
    "session_ended",
    "conflict",
    "document_started",
    "document_served",
    "inventory_exported",
    "fault",
]


class AuditLog:
    """Appends events to ``path``; without a path it forgets them."""

    def __init__(self, path: Path | None) -> None:
        self._file: TextIO | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8")

    def write(self, event: Event, **facts: object) -> None:
        if self._file is None:
            return
        line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **facts}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def session_mark(token: str) -> str:
    """A short name for a session that does not give its token away."""
    return hashlib.sha256(token.encode()).hexdigest()[:10]


def read_audit(path: Path) -> list[dict[str, Any]]:
    """All events so far, oldest first; a last line that is still being written is left out."""
    if not path.exists():
        return []
    whole_lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [json.loads(line) for line in whole_lines]
