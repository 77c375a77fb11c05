"""Installing a browser, with programs that only pretend to."""

import sys
from pathlib import Path

import pytest

from chrome_launcher import find, install
from chrome_launcher.errors import InstallFailed
from chrome_launcher.install import install_chrome, install_display, main

CHROMIUM = "{{ printf '#!/bin/sh\\necho Chromium 156.0.0.1\\n' > {path}; chmod 755 {path}; }}"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without Chrome whose only programs are those in ``bin`` (and the shell's helpers)."""
    (tmp_path / "bin").mkdir()
    for helper in ("chmod", "printf"):
        (tmp_path / "bin" / helper).symlink_to(Path("/usr/bin") / helper)
    monkeypatch.setattr(find, "_known_places", list)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    monkeypatch.delenv("CHROME_PATH", raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    return tmp_path


def program(machine: Path, name: str, script: str) -> None:
    path = machine / "bin" / name
    path.write_text(f'#!/bin/sh\necho "{name} $*" >> {machine}/log\n{script}\n')
    path.chmod(0o755)


def log(machine: Path) -> list[str]:
    path = machine / "log"
    return path.read_text().splitlines() if path.exists() else []


def test_install_chrome_does_nothing_when_there_is_one(machine: Path) -> None:
    program(machine, "chromium", "echo Chromium 156.0.0.1")
    said: list[str] = []
    assert install_chrome(said.append).version == "156.0.0.1"
    assert said == []


def test_install_chrome_takes_playwrights_when_it_can_be_had(machine: Path) -> None:
    folder = machine / "playwright" / "chromium-1" / "chrome-linux64"
    folder.mkdir(parents=True)
    program(machine, "python", CHROMIUM.format(path=folder / "chrome"))
    assert install_chrome(lambda _: None).path == folder / "chrome"
    assert log(machine) == ["python -m playwright install --no-shell chromium"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="apt-get")
def test_install_chrome_takes_the_systems_package_when_the_download_fails(machine: Path) -> None:
    program(machine, "python", "echo no route to host; exit 1")
    program(machine, "apt-get", f'[ "$1" = update ] || {CHROMIUM.format(path=machine / "bin" / "chromium")}')
    assert install_chrome(lambda _: None).path == machine / "bin" / "chromium"
    assert [line.split()[:2] for line in log(machine)] == [
        ["python", "-m"],
        ["apt-get", "update"],
        ["apt-get", "install"],
    ]


def test_install_chrome_tells_every_try_when_all_fail(machine: Path) -> None:
    program(machine, "python", "echo no route to host; exit 1")
    with pytest.raises(InstallFailed) as caught:
        install_chrome(lambda _: None)
    assert "no route to host" in str(caught.value)
    assert "apt-get install chromium: it needs Debian or Ubuntu, and root" in str(caught.value)
    assert "by hand" in str(caught.value)


def test_install_chrome_does_not_believe_it_when_the_installer_only_says_so(machine: Path) -> None:
    program(machine, "python", "exit 0")
    with pytest.raises(InstallFailed, match="it ended well, but no Chrome"):
        install_chrome(lambda _: None)


def test_install_chrome_gives_up_when_a_step_takes_too_long(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "_STEP_LIMIT_S", 0.2)
    program(machine, "python", "exec /bin/sleep 60")
    with pytest.raises(InstallFailed, match=r"not finished within 0\.2 s"):
        install_chrome(lambda _: None)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Xvfb")
def test_install_display_says_what_to_do_when_it_may_not_install(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    program(machine, "apt-get", "exit 0")
    said: list[str] = []
    install_display(said.append)
    assert "apt-get install xvfb" in said[-1]
    assert log(machine) == []


def test_command_ends_with_1_and_says_why_when_nothing_can_be_installed(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program(machine, "python", "exit 1")
    assert main(["--with-display"]) == 1
    assert "could not be installed" in capsys.readouterr().err
