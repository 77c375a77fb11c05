"""Only this file knows where Chromes live: the setting, the environment, known places, PATH, Playwright's."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from chrome_launcher.errors import ChromeNotFound

ENVIRONMENT_NAME = "CHROME_PATH"

_VERSION = re.compile(r"(.*?)\s*\b(\d+(?:\.\d+){1,3})\b")
_VERSION_TIMEOUT_S = 20.0
"""Chrome on a cold disk; a program that takes longer to say its version is not one to run for a night."""

_NAMES_ON_PATH = (
    "google-chrome-stable",
    "google-chrome",
    "chromium",
    "chromium-browser",
    "chrome",
    "microsoft-edge-stable",
    "microsoft-edge",
    "msedge",
)


@dataclass(frozen=True)
class ChromeBinary:
    """A Chrome, Chromium or Edge. ``version``: as the program says it, ``156.0.8078.79``."""

    path: Path
    product: str
    version: str


def find_chrome(explicit: str | None = None) -> ChromeBinary:
    """The Chrome to use. Raises ChromeNotFound.

    ``explicit`` (from [chrome] path) and then $CHROME_PATH are orders: when they name something that is not
    there or does not run, that is an error and no reason to take another Chrome.
    """
    ordered = [
        (explicit, "the setting [chrome] path"),
        (os.environ.get(ENVIRONMENT_NAME), f"${ENVIRONMENT_NAME}"),
    ]
    for order, source in ordered:
        if order:
            return _ordered_chrome(order, source)
    looked: list[str] = []
    for candidate in _candidates():
        if not candidate.is_file():
            looked.append(f"{candidate}: not there")
            continue
        try:
            return identify(candidate)
        except ChromeNotFound as error:
            looked.append(str(error))
    raise ChromeNotFound(
        "no Chrome, Chromium or Edge was found. Looked at:\n  "
        + "\n  ".join(looked)
        + f"\nInstall one, or name yours in [chrome] path or ${ENVIRONMENT_NAME}."
    )


def identify(path: Path) -> ChromeBinary:
    """Ask the program what it is. Raises ChromeNotFound when it does not answer like a Chrome."""
    text = _version_from_folder(path) if sys.platform == "win32" else _version_from_program(path)
    match = _VERSION.match(text)
    if match is None:
        raise ChromeNotFound(f"{path}: does not say its version (got {text[:200]!r})")
    return ChromeBinary(path, match.group(1) or path.stem, match.group(2))


def _ordered_chrome(order: str, source: str) -> ChromeBinary:
    found = shutil.which(order) or shutil.which(Path(order).expanduser())
    if found is None:
        raise ChromeNotFound(
            f"{source} names {order!r}, and there is no such program. Correct it, or clear it to search."
        )
    try:
        return identify(Path(found).absolute())
    except ChromeNotFound as error:
        raise ChromeNotFound(f"{source} names {order!r}, which is no Chrome that runs: {error}") from error


def _version_from_program(path: Path) -> str:
    try:
        done = subprocess.run(
            [path, "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_VERSION_TIMEOUT_S,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ChromeNotFound(f"{path}: does not run ({error})") from error
    if done.returncode != 0:
        # Ubuntu's chromium-browser without its snap ends here, and a Chrome whose libraries are missing.
        said = (done.stderr or done.stdout).strip()[-300:]
        raise ChromeNotFound(f"{path}: --version ended with {done.returncode}: {said}")
    return done.stdout.strip()


def _version_from_folder(path: Path) -> str:
    """On Windows ``chrome.exe --version`` opens a window; the version is the name of a folder beside it."""
    versions = [entry.name for entry in path.parent.iterdir() if re.fullmatch(r"\d+(\.\d+){3}", entry.name)]
    if not versions:
        # Playwright's build has no such folder; what it is, Browser.getVersion tells after the start.
        return f"{path.stem} 0.0.0.0"
    return f"{path.stem} {max(versions, key=lambda version: [int(part) for part in version.split('.')])}"


def _candidates() -> Iterator[Path]:
    yield from _known_places()
    for name in _NAMES_ON_PATH:
        found = shutil.which(name)
        if found is not None:
            yield Path(found)
    yield from _playwright_chromiums()


def _known_places() -> list[Path]:
    if sys.platform == "darwin":
        apps = [
            "Google Chrome.app/Contents/MacOS/Google Chrome",
            "Chromium.app/Contents/MacOS/Chromium",
            "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
        ]
        return [
            folder / app for app in apps for folder in (Path("/Applications"), Path.home() / "Applications")
        ]
    if sys.platform == "win32":
        variables = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        folders = [Path(os.environ[name]) for name in variables if os.environ.get(name)]
        programs = ["Google/Chrome/Application/chrome.exe", "Chromium/Application/chrome.exe"]
        programs.append("Microsoft/Edge/Application/msedge.exe")
        return [folder / program for program in programs for folder in folders]
    return [
        Path("/opt/google/chrome/google-chrome"),
        Path("/usr/bin/chromium"),
        Path("/usr/bin/chromium-browser"),
        Path("/snap/bin/chromium"),
        Path("/opt/microsoft/msedge/microsoft-edge"),
    ]


def _playwright_chromiums() -> list[Path]:
    """The Chromiums that ``playwright install chromium`` has downloaded, newest first."""
    folder = _playwright_folder()
    programs = ("chrome-linux*/chrome", "chrome-win*/chrome.exe", "chrome-mac*/*.app/Contents/MacOS/*")
    found = [path for program in programs for path in folder.glob(f"chromium-*/{program}")]
    return sorted(found, key=_revision, reverse=True) or [folder / "chromium-*"]


def _revision(path: Path) -> int:
    match = re.search(r"chromium-(\d+)", str(path))
    return int(match.group(1)) if match else 0


def _playwright_folder() -> Path:
    chosen = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    if chosen == "0":  # Playwright's word for "inside the package"
        package = find_spec("playwright")  # looked up, not imported: this process must stay free of it
        return Path((package and package.origin) or ".").parent / "driver" / "package" / ".local-browsers"
    if chosen:
        return Path(chosen)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "ms-playwright"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "ms-playwright"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ms-playwright"
