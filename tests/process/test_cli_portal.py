"""The demo portal as a command, and as the child of a run."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest

from supervisor.cli.embedded_portal import DemoPortalFailed, EmbeddedPortal
from supervisor.exit_codes import ExitCode
from supervisor.settings_portal import PortalSettings
from tests.support.command_line import ROOT, clean_environment, start_tabcrew, tabcrew
from tests.support.eventually import eventually

KEEP_A_PORTAL = """
import sys
from pathlib import Path
from supervisor.cli.embedded_portal import EmbeddedPortal
from supervisor.settings_portal import PortalSettings
with EmbeddedPortal(PortalSettings(), Path(sys.argv[1])) as portal:
    print(portal.url, flush=True)
    sys.stdin.read()
"""


def sign_in_page(url: str) -> str:
    with urllib.request.urlopen(f"{url}/login", timeout=10) as answer:
        text: str = answer.read().decode()
        return text


def is_listening(url: str) -> bool:
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def test_portal_command_serves_until_ctrl_c_when_it_is_started(tmp_path: Path) -> None:
    with start_tabcrew("portal", "--port", "0", "--records", "3", folder=tmp_path) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[2]
        assert 'id="username"' in sign_in_page(url)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    assert process.returncode == 0
    assert err == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--delivery", "pigeon"], "--delivery 'pigeon': expected one of mixed, attachment"),
        (["--second-login", "maybe"], "expected ask or replace"),
        (["--faults", "explode=1"], "explode"),
        (["--records", "-1"], "records"),
    ],
)
def test_portal_command_is_refused_in_words_when_an_option_is_wrong(
    tmp_path: Path, arguments: list[str], words: str
) -> None:
    ended = tabcrew("portal", "--port", "0", *arguments, folder=tmp_path)
    assert ended.code == ExitCode.USAGE
    assert words in ended.err
    assert "Traceback" not in ended.err


def test_portal_command_is_refused_when_the_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        ended = tabcrew("portal", "--port", str(other.getsockname()[1]), folder=tmp_path)
    assert ended.code == ExitCode.USAGE
    assert "the demo portal cannot start" in ended.err


def test_embedded_portal_listens_inside_and_is_gone_outside_when_all_is_well(tmp_path: Path) -> None:
    with EmbeddedPortal(PortalSettings(demo_records=3), tmp_path / "logs") as portal:
        assert 'id="username"' in sign_in_page(portal.url)
    assert not is_listening(portal.url)


def test_embedded_portal_is_gone_when_the_body_raises(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), EmbeddedPortal(PortalSettings(), tmp_path) as portal:
        raise KeyboardInterrupt
    assert not is_listening(portal.url)


def test_embedded_portal_shows_its_own_words_when_it_dies_at_start(tmp_path: Path) -> None:
    with (
        pytest.raises(DemoPortalFailed, match="explode"),
        EmbeddedPortal(PortalSettings().model_copy(update={"demo_faults": "explode=1"}), tmp_path),
    ):
        pytest.fail("it must not start")


def test_embedded_portal_gives_up_when_it_says_nothing_in_time(tmp_path: Path) -> None:
    before = set(psutil.Process().children())
    with (
        pytest.raises(DemoPortalFailed, match=r"nothing heard of it for 0\.001 s"),
        EmbeddedPortal(PortalSettings(), tmp_path, start_timeout_s=0.001),
    ):
        pytest.fail("it must not start")
    assert set(psutil.Process().children()) == before


def test_embedded_portal_gets_no_password_in_its_arguments_when_it_starts(tmp_path: Path) -> None:
    before = set(psutil.Process().children())
    with EmbeddedPortal(PortalSettings(), tmp_path):
        [child] = set(psutil.Process().children()) - before
        assert "tabcrew" not in child.cmdline()
        assert child.environ()["TABCREW_DEMO_PASSWORD"] == "tabcrew"


@pytest.mark.skipif(os.name != "posix", reason="sends SIGKILL")
def test_embedded_portal_ends_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KEEP_A_PORTAL, str(tmp_path)],
        cwd=ROOT,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as supervisor:
        assert supervisor.stdout is not None
        url = supervisor.stdout.readline().strip()
        assert is_listening(url)
        supervisor.kill()
        eventually(lambda: not is_listening(url), within_s=2, what="the portal ends with the supervisor")
