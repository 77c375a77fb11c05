"""What happened, said once: a sentence for people and, in the log file, a JSON line with a stable ``event``
key and ids.
"""

from collections import deque
from datetime import UTC, datetime

from loguru import logger

from supervisor.snapshot import EventRow

_KEPT_EVENTS = 50


class Journal:
    """Notes events to the log and keeps the last ones for the terminal view."""

    def __init__(self) -> None:
        self._events: deque[EventRow] = deque(maxlen=_KEPT_EVENTS)

    @property
    def events(self) -> tuple[EventRow, ...]:
        return tuple(self._events)

    def info(self, event: str, text: str, **ids: object) -> None:
        self._note("info", event, text, ids)

    def warning(self, event: str, text: str, **ids: object) -> None:
        self._note("warning", event, text, ids)

    def error(self, event: str, text: str, **ids: object) -> None:
        self._note("error", event, text, ids)

    def quiet(self, event: str, text: str, **ids: object) -> None:
        """Into the log only: the terminal shows it in another way (a counter, a bar)."""
        logger.bind(event=event, **ids).info("{}", text)

    def _note(self, level: str, event: str, text: str, ids: dict[str, object]) -> None:
        logger.bind(event=event, **ids).log(level.upper(), "{}", text)
        self._events.append(EventRow(datetime.now(UTC).isoformat(timespec="seconds"), level, text))
