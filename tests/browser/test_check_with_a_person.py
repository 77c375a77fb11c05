"""`python run.py check` where a person signs in: in Tabcrew's Chrome, and in a Chrome of their own."""

import json
from pathlib import Path

from chrome_launcher.running import find_running
from supervisor.exit_codes import ExitCode
from tests.browser.test_check_command import marks, portal_settings
from tests.support.chrome import virtual_display
from tests.support.command_line import start_tabcrew, tabcrew
from tests.support.eventually import eventually
from tests.support.person import own_chrome, person_at
from tests.support.portal import PortalProcess

BY_HAND = {"TABCREW__PORTAL__SIGN_IN": "manual", "COLUMNS": "80"}


def is_asked(folder: Path) -> bool:
    try:
        status = json.loads((folder / "work/check/status.json").read_bytes())
    except FileNotFoundError:
        return False
    return bool(status["attention"])


def test_check_ends_as_a_refused_sign_in_when_nobody_signs_in(tmp_path: Path, portal: PortalProcess) -> None:
    portal_settings(tmp_path, portal.url)
    with virtual_display() as display:
        environ = BY_HAND | {"DISPLAY": display, "TABCREW__PORTAL__MANUAL_SIGN_IN_TIMEOUT_S": "1"}
        ended = tabcrew("check", folder=tmp_path, environ=environ)
    assert ended.code == ExitCode.SIGN_IN_REFUSED, ended.out
    said = " ".join(ended.out.split())
    assert f"Sign in by hand: Chrome's window shows {portal.url}/login." in said
    assert "for 1 s at most" in said
    assert "nobody signed in by hand within 1 s" in said
    assert marks(ended.out)["signed in"] == "✗"
    # Paths stay whole: they are there to be copied.
    assert all(len(line) <= 80 for line in ended.out.splitlines() if str(tmp_path) not in line), ended.out


def test_check_names_and_leaves_as_it_was_the_chrome_that_it_is_attached_to(tmp_path: Path) -> None:
    with (
        PortalProcess(tmp_path, records=2) as portal,
        own_chrome(tmp_path) as address,
        person_at(find_running(address).ws_url) as person,
    ):
        portal_settings(tmp_path, portal.url)
        before = person.tabs()
        environ = BY_HAND | {"TABCREW__CHROME__ATTACH": address}
        with start_tabcrew("check", folder=tmp_path, environ=environ) as checking:
            eventually(lambda: is_asked(tmp_path), within_s=40, what="the person is asked")
            person.sign_in(person.tab_at("/login"))
            out, _ = checking.communicate(timeout=40)
        assert checking.returncode == ExitCode.ALL_DONE, out
        assert f"{find_running(address).product} at {address}" in " ".join(out.split())
        assert person.tabs() == before
        assert portal.logins() == 1
    gone = tabcrew("check", folder=tmp_path, environ=environ)
    assert gone.code == ExitCode.CHROME_CANNOT_START, gone.out
    assert marks(gone.out)["Chrome"] == "✗"
