"""What happened, said once: to the log with its event and ids, and to the view if people should see it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from loguru import logger

from supervisor.journal import Journal


@pytest.fixture
def log() -> Iterator[list[dict[str, Any]]]:
    """What goes to the log."""
    lines: list[dict[str, Any]] = []
    sink = logger.add(lambda message: lines.append(dict(message.record)), level="DEBUG", format="{message}")
    yield lines
    logger.remove(sink)


@pytest.mark.parametrize("level", ["info", "warning", "error"])
def test_event_goes_to_log_and_view_when_people_should_see_it(log: list[dict[str, Any]], level: str) -> None:
    journal = Journal()
    getattr(journal, level)("task_failed", "V-1 failed", task="V-1", attempt=2)
    (line,) = log
    assert (line["message"], line["level"].name) == ("V-1 failed", level.upper())
    assert line["extra"] == {"event": "task_failed", "task": "V-1", "attempt": 2}
    (row,) = journal.events
    assert (row.level, row.text) == (level, "V-1 failed")
    assert datetime.fromisoformat(row.at).utcoffset() == timedelta(0)


def test_event_goes_to_the_log_only_when_it_is_quiet(log: list[dict[str, Any]]) -> None:
    journal = Journal()
    journal.quiet("document_done", "V-1: 3 pages", task="V-1")
    assert journal.events == ()
    assert log[0]["extra"] == {"event": "document_done", "task": "V-1"}


def test_text_stays_as_it_is_when_a_page_put_braces_and_markup_into_it(log: list[dict[str, Any]]) -> None:
    text = "portal says {0.__class__} {event} <red>x</red> %s \\"
    journal = Journal()
    journal.error("task_failed", text, task="V-1")
    journal.quiet("document_done", text, task="V-1")
    assert [line["message"] for line in log] == [text, text]
    assert journal.events[0].text == text


def test_view_keeps_the_last_events_when_there_were_many() -> None:
    journal = Journal()
    for number in range(1000):
        journal.info("n", str(number))
    assert [row.text for row in journal.events] == [str(number) for number in range(950, 1000)]
