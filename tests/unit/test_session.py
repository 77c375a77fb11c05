"""The one login: one sign-in for a burst of losses, and an end to trying."""

from dataclasses import asdict

import pytest

from supervisor.session import MAX_FRUITLESS_SIGN_INS, MAX_REFUSALS, Session, SessionState


def good_session() -> Session:
    session = Session()
    session.begin()
    session.proven(signed_in_now=True)
    return session


def test_session_is_needed_when_a_run_begins() -> None:
    assert Session().state is SessionState.NEEDED


def test_session_is_good_when_a_worker_proved_it() -> None:
    session = good_session()
    assert (session.state, session.number, session.sign_ins) == (SessionState.GOOD, 1, 1)


def test_sign_in_is_not_counted_when_the_session_was_still_good() -> None:
    session = Session()
    session.begin()
    session.proven(signed_in_now=False)
    assert (session.state, session.number, session.sign_ins) == (SessionState.GOOD, 1, 0)


def test_loss_is_news_once_when_many_workers_report_it() -> None:
    session = good_session()
    assert [session.lost(1) for _ in range(5)] == [True, False, False, False, False]
    assert session.state is SessionState.NEEDED


def test_loss_is_no_news_when_it_names_a_session_of_the_past() -> None:
    session = good_session()
    session.lost(1)
    session.begin()
    assert not session.lost(1)
    assert session.state is SessionState.PROVING
    session.proven(signed_in_now=True)
    before = asdict(session)
    assert not session.lost(1)
    assert asdict(session) == before


def test_session_holds_only_when_it_is_the_present_one_and_proven() -> None:
    session = good_session()
    assert session.holds(1)
    session.lost(1)
    assert not session.holds(1)
    session.begin()
    assert not session.holds(1)
    session.proven(signed_in_now=True)
    assert (session.holds(1), session.holds(2)) == (False, True)


def test_session_is_refused_when_the_portal_refused_twice() -> None:
    session = Session()
    states = []
    for _ in range(MAX_REFUSALS):
        session.begin()
        session.refused("wrong password")
        states.append(session.state)
    assert states == [SessionState.NEEDED, SessionState.REFUSED]
    assert session.why_stopped == "the portal refused the sign-in 2 times: wrong password"


def test_refusals_are_forgotten_when_a_sign_in_worked() -> None:
    session = Session()
    for _ in range(5):
        session.begin()
        session.refused("try again")
        assert session.state is SessionState.NEEDED
        session.begin()
        session.proven(signed_in_now=True)


def lose(session: Session) -> None:
    assert session.lost(session.number)


def sign_in_again(session: Session) -> None:
    session.begin()
    session.proven(signed_in_now=True)


def test_session_is_refused_when_sessions_in_a_row_end_without_a_document() -> None:
    session = good_session()
    for _ in range(MAX_FRUITLESS_SIGN_INS - 1):
        lose(session)
        assert session.state is SessionState.NEEDED
        sign_in_again(session)
    lose(session)
    assert session.state is SessionState.REFUSED
    assert "3 times in a row" in session.why_stopped


def test_nobody_is_suspected_when_the_session_proves_good_each_time() -> None:
    session = good_session()
    for _ in range(2 * MAX_FRUITLESS_SIGN_INS):
        session.lost(session.number)
        session.begin()
        session.proven(signed_in_now=False)
    assert session.state is SessionState.GOOD


def test_session_counts_only_fruitless_ends_when_the_one_before_delivered() -> None:
    session = good_session()
    session.fruitful()
    lose(session)
    for _ in range(MAX_FRUITLESS_SIGN_INS - 1):
        sign_in_again(session)
        lose(session)
        assert session.state is SessionState.NEEDED
    sign_in_again(session)
    lose(session)
    assert session.state is SessionState.REFUSED


def test_session_goes_on_for_ever_when_each_one_delivers() -> None:
    session = good_session()
    for _ in range(20):
        session.fruitful()
        lose(session)
        assert session.state is SessionState.NEEDED
        sign_in_again(session)


def test_session_counts_as_fruitful_when_its_document_comes_after_its_end() -> None:
    session = good_session()
    for _ in range(20):
        lose(session)
        session.fruitful()
        sign_in_again(session)
    assert session.state is SessionState.GOOD


@pytest.mark.parametrize("state", [SessionState.GOOD, SessionState.PROVING])
def test_session_must_be_proven_anew_when_chrome_was_restarted(state: SessionState) -> None:
    session = Session(state=state, number=1)
    session.suspect()
    assert session.state is SessionState.NEEDED
    assert session.refusals == session.fruitless == 0


def test_session_stays_refused_when_chrome_restarts_or_a_sign_in_fails_late() -> None:
    session = good_session()
    session.stop("enough")
    session.suspect()
    session.failed()
    assert not session.lost(1)
    assert (session.state, session.why_stopped) == (SessionState.REFUSED, "enough")


def test_sign_in_may_be_tried_again_when_it_ended_without_an_answer() -> None:
    session = Session()
    session.begin()
    session.failed()
    assert (session.state, session.refusals) == (SessionState.NEEDED, 0)
