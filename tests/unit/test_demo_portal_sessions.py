"""One account, one active session: the rules, without a server and without waiting."""

import pytest

from demo_portal.sessions import Ended, PasswordCheck, Session, Sessions


@pytest.fixture
def ended() -> list[tuple[str, Ended]]:
    return []


@pytest.fixture
def sessions(ended: list[tuple[str, Ended]]) -> Sessions:
    return Sessions("demo", "right", ttl_s=60, on_end=lambda session, why: ended.append((session.token, why)))


def test_session_is_found_by_its_token_and_by_no_other(sessions: Sessions) -> None:
    session = sessions.open(now=0)
    assert sessions.find(session.token, now=1) is session
    assert sessions.find(session.token + "x", now=1) is None


def test_session_ends_elsewhere_when_another_one_opens(
    sessions: Sessions, ended: list[tuple[str, Ended]]
) -> None:
    first, second = sessions.open(now=0), sessions.open(now=1)
    assert sessions.find(first.token, now=2) is Ended.ELSEWHERE
    assert sessions.find(second.token, now=2) is second
    assert ended == [(first.token, Ended.ELSEWHERE)]


def test_session_expires_when_its_life_is_over(sessions: Sessions, ended: list[tuple[str, Ended]]) -> None:
    session = sessions.open(now=100)
    assert sessions.find(session.token, now=159.9) is session
    assert sessions.find(session.token, now=160) is Ended.EXPIRED
    assert sessions.active(now=160) is None
    assert ended == [(session.token, Ended.EXPIRED)]


def test_session_lives_on_when_there_is_no_limit() -> None:
    sessions = Sessions("demo", "right", ttl_s=0, on_end=lambda *_: None)
    session = sessions.open(now=0)
    assert sessions.find(session.token, now=1e9) is session


def test_session_keeps_its_first_reason_when_it_ends_twice(
    sessions: Sessions, ended: list[tuple[str, Ended]]
) -> None:
    session = sessions.open(now=0)
    sessions.end(session, Ended.SIGNED_OUT)
    sessions.end(session, Ended.EXPIRED)
    assert sessions.find(session.token, now=1) is Ended.SIGNED_OUT
    assert ended == [(session.token, Ended.SIGNED_OUT)]


def test_account_locks_when_five_passwords_were_refused(sessions: Sessions) -> None:
    checks = [sessions.check_password("demo", "wrong") for _ in range(5)]
    assert checks == [PasswordCheck.REFUSED] * 4 + [PasswordCheck.LOCKED]
    assert sessions.check_password("demo", "right") is PasswordCheck.LOCKED


def test_account_forgets_refusals_when_a_password_was_right(sessions: Sessions) -> None:
    for _ in range(3):
        for _ in range(4):
            assert sessions.check_password("demo", "wrong") is PasswordCheck.REFUSED
        assert sessions.check_password("demo", "right") is PasswordCheck.ACCEPTED


def test_account_does_not_lock_when_strangers_are_refused(sessions: Sessions) -> None:
    for _ in range(9):
        assert sessions.check_password("nobody", "right") is PasswordCheck.REFUSED
    assert sessions.check_password("demo", "right") is PasswordCheck.ACCEPTED


def test_visitor_may_decide_once_when_he_gave_the_right_password(sessions: Sessions) -> None:
    sessions.wait_for_decision("visitor")
    assert sessions.is_waiting("visitor")
    assert sessions.stop_waiting("visitor")
    assert not sessions.stop_waiting("visitor")


def test_ended_sessions_are_forgotten_when_there_are_too_many(sessions: Sessions) -> None:
    oldest = sessions.open(now=0)
    for _ in range(1001):
        newest: Session = sessions.open(now=0)
    assert sessions.find(oldest.token, now=0) is None
    assert sessions.find(newest.token, now=0) is newest
