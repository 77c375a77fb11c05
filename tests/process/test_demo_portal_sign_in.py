"""Signing in at a running demo portal: tokens, refusals, conflict, licence, expiry."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.eventually import eventually
from tests.support.portal import PortalProcess
from tests.support.portal_client import PortalClient


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[PortalProcess]:
    with PortalProcess(tmp_path, records=5) as running:
        yield running


def test_visitor_is_sent_to_sign_in_when_he_has_no_session(portal: PortalProcess) -> None:
    visitor = PortalClient(portal.url)
    for path in ("/inventory", "/records/V-0001", "/records/V-0001/report.pdf", "/licence"):
        answer = visitor.get(path)
        assert (answer.status, answer.location) == (302, "/login")


def test_every_page_leads_to_the_licence_until_it_is_accepted(portal: PortalProcess) -> None:
    visitor = PortalClient(portal.url)
    assert visitor.sign_in().location == "/licence"
    assert visitor.get("/inventory").location == "/licence"
    assert visitor.get("/records/V-0001/report.pdf").location == "/licence"
    assert "Accept the terms" in visitor.send_form("/licence", "/licence").text
    assert visitor.send_form("/licence", "/licence", accept="yes").location == "/inventory"
    assert 'id="account-menu"' in visitor.get("/inventory").text
    assert portal.logins() == 1


def test_form_is_refused_when_its_token_is_wrong(portal: PortalProcess) -> None:
    visitor = PortalClient(portal.url)
    assert visitor.post("/login", username="demo", password="tabcrew", csrf_token="0").status == 403
    assert visitor.post("/session-conflict", action="end").status == 403
    visitor.enter()
    for action in ("/logout", "/inventory/filters", "/records/V-0004/report"):
        assert visitor.post(action, csrf_token="0").status == 403
    assert visitor.get("/inventory").status == 200
    assert portal.served() == {}


def test_account_locks_when_five_passwords_were_wrong(portal: PortalProcess) -> None:
    visitor = PortalClient(portal.url)
    for _ in range(4):
        assert "Wrong user name or password." in visitor.sign_in("wrong").text
    assert "locked" in visitor.sign_in("wrong").text
    assert "locked" in visitor.sign_in().text
    assert len(portal.audit("login_refused")) == 6
    assert portal.logins() == 0


def test_second_sign_in_ends_the_first_when_it_says_so(portal: PortalProcess) -> None:
    first, second = PortalClient(portal.url), PortalClient(portal.url)
    first.enter()
    assert second.sign_in().location == "/session-conflict"
    assert first.get("/inventory").status == 200
    assert second.send_form("/session-conflict", "/session-conflict", action="end").location == "/licence"
    assert first.get("/inventory").location == "/login?reason=elsewhere"
    assert 'class="notice"' in first.get("/login?reason=elsewhere").text
    events = [line["event"] for line in portal.audit()]
    assert events == ["login", "licence_accepted", "conflict", "session_ended", "login"]


def test_second_sign_in_changes_nothing_when_it_cancels(portal: PortalProcess) -> None:
    first, second = PortalClient(portal.url), PortalClient(portal.url)
    first.enter()
    second.sign_in()
    assert second.send_form("/session-conflict", "/session-conflict", action="cancel").location == "/login"
    assert second.get("/session-conflict").location == "/login"
    assert first.get("/inventory").status == 200
    assert portal.logins() == 1


def test_stranger_cannot_end_a_session_when_he_gave_no_password(portal: PortalProcess) -> None:
    first, stranger = PortalClient(portal.url), PortalClient(portal.url)
    first.enter()
    assert stranger.send_form("/login", "/session-conflict", action="end").location == "/login"
    assert first.get("/inventory").status == 200


def test_second_sign_in_replaces_the_first_silently_when_told_to(tmp_path: Path) -> None:
    with PortalProcess(tmp_path, second_login="replace") as portal:
        first, second = PortalClient(portal.url), PortalClient(portal.url)
        first.enter()
        second.enter()
        assert first.get("/inventory").location == "/login?reason=elsewhere"
        assert portal.audit("conflict") == []


def test_session_expires_when_its_time_is_over(tmp_path: Path) -> None:
    with PortalProcess(tmp_path, session_ttl=0.5) as portal:
        visitor = PortalClient(portal.url)
        visitor.sign_in()
        location = eventually(lambda: "login" in visitor.get("/licence").location and "yes", within_s=3)
        assert location
        assert portal.audit("session_ended")[0]["reason"] == "expired"


def test_sign_out_ends_the_session(portal: PortalProcess) -> None:
    visitor = PortalClient(portal.url)
    visitor.enter()
    token = visitor.cookies["meridian_session"]
    assert visitor.send_form("/inventory", "/logout").location == "/login"
    visitor.cookies["meridian_session"] = token
    assert visitor.get("/inventory").location == "/login"
    assert token not in portal.audit_path.read_text()
