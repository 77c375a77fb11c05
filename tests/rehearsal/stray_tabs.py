"""Counts the tabs that nobody owns, over Chrome's own list, while the night goes on."""

import json
import urllib.request
from collections import deque
from pathlib import Path
from typing import Any

from chrome_launcher.profile import PORT_FILE

_SAMPLES = 6
"""A pop-up, or the tab of a worker that is being replaced, is nobody's for a moment: a stray stays."""


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
        # One tab more than there are workers: Chrome opened it by itself, and it keeps Chrome alive.
        self._last.append(tabs - 1 - len(status.get("workers", [])))
        if len(self._last) == _SAMPLES:
            self.most = max(self.most, min(self._last))

    def _tabs(self) -> int | None:
        try:
            port = int(self._port_file.read_text("ascii").split("\n", 1)[0])
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=1.0) as answer:
                targets = json.load(answer)
        except (OSError, ValueError):
            return None
        return [target["type"] for target in targets].count("page")
