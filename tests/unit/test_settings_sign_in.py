"""Who signs in and where: what goes together, what does not, and which Chrome may be attached to."""

from pathlib import Path

import pytest

from tests.support.settings_files import load, refusal

MANUAL = "[portal]\nsign_in = manual\n"


def test_chrome_is_visible_when_a_person_signs_in_whatever_the_file_says(tmp_path: Path) -> None:
    settings = load(tmp_path, MANUAL + "[chrome]\nheadless = true\n", {"HEADLESS": "true"})
    assert not settings.headless
    assert load(tmp_path, "[chrome]\nheadless = true\n").headless


def test_flag_headless_is_refused_when_a_person_must_see_the_page(tmp_path: Path) -> None:
    (problem,) = refusal(tmp_path, MANUAL, overrides={"chrome.headless": True})
    assert problem == (
        "flag --visible/--headless [chrome] headless: "
        "cannot be with [portal] sign_in = manual: nobody would see the page to sign in on"
    )
    attached = MANUAL + "[chrome]\nattach = http://127.0.0.1:9222\n"
    assert load(tmp_path, attached, overrides={"chrome.headless": True}).chrome.attach


def test_manual_is_refused_when_nothing_shows_that_the_person_has_signed_in(tmp_path: Path) -> None:
    (problem,) = refusal(tmp_path, MANUAL + "signed_in_selector =\n")
    assert "signed_in_selector" in problem
    assert "must not be empty with sign_in = manual" in problem


@pytest.mark.parametrize(
    ("keys", "needs_account", "form_needs_sign_in"),
    [
        ("", True, True),
        ("sign_in_url =\n", False, False),  # as before there was sign_in
        ("sign_in = none\n", False, False),
        ("sign_in = manual\n", False, True),
        ("sign_in = manual\nsign_in_url =\n", False, True),  # the inventory leads to it
        ("sign_in_url =\nadapter = mine:Portal\n", True, False),  # an adapter of one's own knows better
    ],
)
def test_account_is_needed_only_when_tabcrew_signs_in(
    tmp_path: Path, keys: str, needs_account: bool, form_needs_sign_in: bool
) -> None:
    portal = load(tmp_path, f"[portal]\n{keys}").portal
    assert portal.needs_account is needs_account
    assert portal.form("http://127.0.0.1:1").needs_sign_in is form_needs_sign_in


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9222", "http://localhost:9222/", "http://[::1]:9222", "http://127.1.2.3:1"]
)
def test_chrome_of_this_machine_may_be_attached_to(tmp_path: Path, address: str) -> None:
    chrome = load(tmp_path, f"[chrome]\nattach = {address}\n").chrome
    assert chrome.attach == address.rstrip("/")
