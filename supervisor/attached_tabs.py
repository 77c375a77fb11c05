"""Which tabs of a Chrome that is not ours are ours: noted in a file before anybody uses them, closed by it.

Whoever comes after a killed supervisor (its guardian at once, else the next start) closes what the note
names. The note is safe to obey at any time: it names the Chrome process by its own address, which no other
Chrome ever answers to, and tabs by ids that are never given twice. A tab that was opened in the very moment
of the kill, too late to be noted, is known by its blank address, which bears the run's id.
"""

from collections.abc import Iterable
from pathlib import Path

from loguru import logger

from chrome_launcher.errors import ChromeError, ConnectionLost
from chrome_launcher.root_connection import RootConnection
from chrome_launcher.tabs import TabInfo, close_tab, list_tabs, open_tab

_CONNECT_WITHIN_S = 2.0


class AttachedTabs:
    """The note of one run: the Chrome's two addresses and the blank page of its tabs, then a tab a line."""

    def __init__(self, file: Path, ws_url: str, http_url: str, run_id: str) -> None:
        """Begins a new note. Raises OSError."""
        self._file = file
        self._ids: set[str] = set()
        self.blank_url = f"about:blank#tabcrew-{run_id}"
        file.write_text(f"{ws_url}\n{http_url}\n{self.blank_url}\n")
        file.chmod(0o600)

    def note(self, target_id: str) -> None:
        """From now on this tab is ours."""
        self._ids.add(target_id)
        with self._file.open("a") as file:
            file.write(f"{target_id}\n")

    def ours_of(self, tabs: list[TabInfo]) -> set[str]:
        return ours_of(tabs, self._ids, self.blank_url)


def ours_of(tabs: list[TabInfo], noted: Iterable[str], blank_url: str) -> set[str]:
    """Our tabs among all: the noted ones, those still blank, and what either opened."""
    noted = set(noted)
    ours = {tab.target_id for tab in tabs if tab.target_id in noted or tab.url == blank_url}
    while more := {tab.target_id for tab in tabs if tab.opener_id in ours | noted} - ours:
        ours |= more
    return ours


def keep_chrome_open(root: RootConnection, tabs: list[TabInfo], ours: set[str]) -> None:
    """A Chrome whose last tab closes ends: its user gets a blank one when all that is left are ours."""
    if all(tab.target_id in ours for tab in tabs):
        open_tab(root)


def close_ours(root: RootConnection, http_url: str, noted: Iterable[str], blank_url: str) -> bool:
    """Close our tabs and no other; True when all are gone. Raises ChromeError when Chrome does not answer."""
    tabs = list_tabs(root)
    ours = ours_of(tabs, noted, blank_url)
    if not ours:
        return True
    keep_chrome_open(root, tabs, ours)
    gone = [close_tab(root, http_url, tab, may_crash=False) for tab in sorted(ours)]
    return all(gone)


def close_noted_tabs(file: Path) -> None:
    """Obey the note of a dead run, if there is one, and remove it. Never raises what a Chrome can cause."""
    try:
        ws_url, http_url, blank_url, *noted = file.read_text().splitlines()
    except (OSError, ValueError):
        file.unlink(missing_ok=True)  # there is none, or it was cut off before a tab was opened
        return
    try:
        root = RootConnection.connect(ws_url, _CONNECT_WITHIN_S)
    except ConnectionLost:
        file.unlink()  # that Chrome has ended, and its tabs with it
        return
    try:
        gone = close_ours(root, http_url, noted, blank_url)
    except ChromeError as error:
        logger.bind(event="tabs_not_closed").warning("tabs of a dead run stay open for now: {}", error)
        return
    finally:
        root.close()
    if gone:
        file.unlink()
