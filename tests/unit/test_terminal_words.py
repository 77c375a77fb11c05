"""Numbers as people read them."""

import pytest

from supervisor.terminal.words import clock, count, duration, rate


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s"),
        (0.4, "0 s"),
        (59.6, "1 min 00 s"),
        (187, "3 min 07 s"),
        (29100, "8 h 05 min"),
        (183600, "2 d 03 h"),
    ],
)
def test_duration_is_readable_when_it_is_this_long(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("per_minute", "text"), [(None, ""), (0.25, "15.0/h"), (4.24, "4.2/min"), (112.6, "113/min")]
)
def test_rate_has_a_fitting_unit_when_it_is_this_high(per_minute: float | None, text: str) -> None:
    assert rate(per_minute) == text


def test_count_has_a_plural_when_it_is_not_one() -> None:
    assert [count(number, "document") for number in (0, 1, 2000)] == [
        "0 documents",
        "1 document",
        "2,000 documents",
    ]


def test_clock_shows_the_text_when_it_is_no_instant() -> None:
    assert clock("yesterday evening") == "yesterda"
