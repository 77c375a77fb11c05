"""Counts the tabs that nobody owns, over a connection of its own to Chrome, while the night goes on."""

from collections import deque
from pathlib import Path
from typing import Any

from chrome_launcher.errors import ChromeError
from chrome_launcher.profile import PORT_FILE
from chrome_launcher.root_connection import RootConnection
from chrome_launcher.tabs import TabInfo, list_tabs

_SAMPLES = 6
"""The tab of a worker that is being replaced is nobody's for a moment: a stray stays."""

_ANSWERS_WITHIN_S = 1.0


class StrayTabs:
    """``most``: the largest number of tabs without an owner that stood through six samples in a row."""

    def __init__(self, profile: Path) -> None:
        self._port_file = profile / PORT_FILE
        self._last: deque[int] = deque(maxlen=_SAMPLES)
        self._chrome: int | None = None
        self.most = 0

    def sample(self, status: dict[str, Any]) -> None:
        """Look once; a Chrome that does not answer just now gives no sample."""
        if status.get("chrome_pid") != self._chrome:
            self._chrome = status.get("chrome_pid")
            self._last.clear()
        tabs = self._tabs()
        if tabs is None or self._chrome is None:
            return
        self._last.append(without_owner(tabs, len(status.get("workers", []))))
        if len(self._last) == _SAMPLES:
            self.most = max(self.most, min(self._last))

    def _tabs(self) -> list[TabInfo] | None:
        try:
            port, path = self._port_file.read_text("ascii").split()
            root = RootConnection.connect(f"ws://127.0.0.1:{port}{path}", _ANSWERS_WITHIN_S)
            try:
                return list_tabs(root, timeout_s=_ANSWERS_WITHIN_S)
            finally:
                root.close()
        except (OSError, ValueError, ChromeError):
            return None


def without_owner(tabs: list[TabInfo], workers: int) -> int:
    """Tabs beyond one for each worker and the one that Chrome opened by itself, and pop-ups whose opener is
    gone. A pop-up whose opener is there belongs to it.
    """
    present = {tab.target_id for tab in tabs}
    orphans = sum(tab.opener_id is not None and tab.opener_id not in present for tab in tabs)
    first_hand = sum(tab.opener_id is None for tab in tabs)
    return max(0, first_hand - 1 - workers) + orphans
