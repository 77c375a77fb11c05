"""How an assignment is told to people."""

import pytest

from supervisor.assignment import Assignment


@pytest.mark.parametrize(
    ("subject", "attempt", "said"),
    [("V-0042", 2, "V-0042, attempt 2"), ("V-0042", 1, "V-0042, attempt 1"), ("sign-in", 0, "sign-in")],
)
def test_assignment_tells_its_attempt_when_it_is_a_task(subject: str, attempt: int, said: str) -> None:
    assert str(Assignment(7, subject, 0.0, 180.0, attempt)) == said
