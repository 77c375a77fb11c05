"""Only this file installs a browser: Playwright's Chromium, or the system's package where that cannot be had.

``python -m chrome_launcher.install [--with-display]`` finds or installs one; with the option also, on Linux,
Xvfb for a visible Chrome without a screen. Both are quick when everything is there.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping

from chrome_launcher.errors import ChromeNotFound, InstallFailed
from chrome_launcher.find import ChromeBinary, find_chrome

Say = Callable[[str], None]

_STEP_LIMIT_S = 900.0
"""A slow line and 200 MB: past that a person had better look."""

_PLAYWRIGHT_ENVIRONMENT = {"PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": "10000"}
"""In ms. Its own 30 s, five times for each of its servers, would be minutes of silence behind a firewall."""


def install_chrome(say: Say) -> ChromeBinary:
    """The Chrome of this machine, installed if there is none. ``say`` gets a sentence a step.

    Tries ``playwright install chromium`` and then, as root on Debian or Ubuntu, ``apt-get install chromium``.
    Raises InstallFailed.
    """
    try:
        return find_chrome()
    except ChromeNotFound:
        say("No Chrome, Chromium or Edge here: installing Chromium.")
    tried = []
    for name, install in (
        ("playwright install chromium", _by_playwright),
        ("apt-get install chromium", _by_apt),
    ):
        problem = install(say)
        if problem is None:
            try:
                return find_chrome()
            except ChromeNotFound as error:
                problem = f"it ended well, but {error}"
        tried.append(f"{name}: {problem}")
        say(f"{name} did not succeed.")
    raise InstallFailed(
        "Chromium could not be installed.\n"
        + "\n".join(tried)
        + "\nInstall Chrome, Chromium or Edge by hand, or name yours in [chrome] path."
    )


def install_display(say: Say) -> None:
    """See that Linux has Xvfb. Where it cannot be had, says so: only visible mode misses it."""
    if not sys.platform.startswith("linux") or shutil.which("Xvfb"):
        return
    problem = "it needs root and apt-get" if not _may_apt() else _apt_install("xvfb", say)
    if problem is not None or not shutil.which("Xvfb"):
        say(f"Xvfb is not installed ({problem}): a visible Chrome needs one. By hand: apt-get install xvfb")


def main(arguments: list[str] | None = None) -> int:
    """The command line of ``python -m chrome_launcher.install``; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m chrome_launcher.install", description=install_chrome.__doc__
    )
    parser.add_argument("--with-display", action="store_true", help="on Linux: see that Xvfb is there, too")
    options = parser.parse_args(arguments)
    try:
        chrome = install_chrome(_say_on_stderr)
    except ChromeNotFound as error:
        _say_on_stderr(str(error))
        return 1
    _say_on_stderr(f"{chrome.product} {chrome.version} at {chrome.path}")
    if options.with_display:
        install_display(_say_on_stderr)
    return 0


def _by_playwright(say: Say) -> str | None:
    """None when it succeeded, else how it ended."""
    # With --with-deps it also installs the libraries that Chromium needs, which takes apt-get and root.
    libraries = ["--with-deps"] if _may_apt() else []
    command = [sys.executable, "-m", "playwright", "install", *libraries, "--no-shell", "chromium"]
    return _run(command, say, _PLAYWRIGHT_ENVIRONMENT)


def _by_apt(say: Say) -> str | None:
    return _apt_install("chromium", say) if _may_apt() else "it needs Debian or Ubuntu, and root"


def _apt_install(package: str, say: Say) -> str | None:
    # Lists first: a fresh container has none, and then no package exists.
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", package]):
        problem = _run(command, say, {"DEBIAN_FRONTEND": "noninteractive"})
        if problem is not None:
            return problem
    return None


def _may_apt() -> bool:
    return sys.platform.startswith("linux") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def _run(command: list[str], say: Say, environment: Mapping[str, str]) -> str | None:
    """None when the command ended well, else how it ended with its last words."""
    say(f"Running {' '.join(command)}")
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_STEP_LIMIT_S,
            env={**os.environ, **environment},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"not finished within {_STEP_LIMIT_S:g} s"
    except OSError as error:
        return str(error)
    return None if done.returncode == 0 else f"ended with {done.returncode}: {done.stdout.strip()[-600:]}"


def _say_on_stderr(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
