"""Only this file decides how Chrome is started: is there a display, with or without the sandbox."""

import os
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from loguru import logger

from chrome_launcher.chrome import Chrome
from chrome_launcher.errors import ChromeCannotStart
from chrome_launcher.find import ChromeBinary
from chrome_launcher.profile import prepare_profile
from chrome_launcher.start import start
from chrome_launcher.stderr_file import stderr_tail
from chrome_launcher.switches import chrome_switches

_SANDBOX_WORDS = re.compile(r"sandbox|namespace", re.IGNORECASE)
"""Its words when it cannot build its sandbox: "No usable sandbox!", "Failed to move to new namespace"."""


def launch_chrome(
    binary: ChromeBinary,
    profile_dir: Path,
    *,
    headless: bool,
    renderer_limit: int,
    images: bool = True,
    fonts: bool = True,
    blocked_hosts: Sequence[str] = (),
    extra_switches: Iterable[str] = (),
    start_timeout_s: float = 30.0,
    stderr_path: Path | None = None,
) -> Chrome:
    """Start Chrome on this profile and return it once it has answered Browser.getVersion.

    Its first tab (about:blank) is nobody's: it keeps Chrome alive when every worker's tab is closed.
    Raises ProfileInUse or ChromeCannotStart; then nothing of it is left running.
    """
    if not headless:
        require_display()
    profile_dir = profile_dir.resolve()
    stderr_path = stderr_path or profile_dir / "chrome-stderr.txt"
    extra = tuple(extra_switches)

    def attempt(sandbox: bool) -> Chrome:
        switches = chrome_switches(
            profile_dir,
            headless=headless,
            images=images,
            fonts=fonts,
            blocked_hosts=blocked_hosts,
            renderer_limit=renderer_limit,
            sandbox=sandbox,
            dies_with_us=os.name == "posix",
            extra_switches=extra,
        )
        prepare_profile(profile_dir)
        return start(binary, switches, profile_dir, headless, start_timeout_s, stderr_path)

    if _is_root_on_linux():
        _warn_no_sandbox("Chrome refuses to run as root with its sandbox")
        return attempt(sandbox=False)
    try:
        return attempt(sandbox=True)
    except ChromeCannotStart:
        if not sys.platform.startswith("linux") or not _SANDBOX_WORDS.search(stderr_tail(stderr_path)):
            raise
        _warn_no_sandbox("this system does not let Chrome build its sandbox")
        return attempt(sandbox=False)


def require_display() -> None:
    """Raises ChromeCannotStart when a window would have nowhere to open."""
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        raise ChromeCannotStart(
            "a visible Chrome needs a display, and neither DISPLAY nor WAYLAND_DISPLAY is set: nothing was "
            "started. Run with --headless, start from a desktop session, or use `xvfb-run python run.py`."
        )


def _is_root_on_linux() -> bool:
    return sys.platform.startswith("linux") and os.geteuid() == 0


def _warn_no_sandbox(reason: str) -> None:
    logger.bind(event="chrome_no_sandbox").warning(
        f"{reason}: started with --no-sandbox, so a hostile page has one wall less to climb. "
        "Run as an ordinary user on a system that allows user namespaces to have it."
    )
