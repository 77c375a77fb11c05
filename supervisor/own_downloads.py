"""Hands over what the user of an attached Chrome downloads while our run holds that Chrome's download folder.

Told by events of the root connection, in its reader thread.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from loguru import logger

from chrome_launcher.tabs import TabInfo
from supervisor.work_dir import WorkDir

_LONGEST_NAME = 100


class OwnDownloads:
    """``ours_of``: which of some tabs are ours. ``say``: told of each file that was handed over."""

    def __init__(
        self, work_dir: WorkDir, ours_of: Callable[[list[TabInfo]], set[str]], say: Callable[[str], None]
    ) -> None:
        self._work_dir = work_dir
        self._ours_of = ours_of
        self._say = say
        self._tabs: dict[str, TabInfo] = {}
        self._theirs: dict[str, str] = {}
        self._unknown: dict[str, str] = {}

    def on_event(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        match event.get("method"):
            case "Target.targetCreated" | "Target.targetInfoChanged":
                info = params["targetInfo"]
                target_id = info["targetId"]
                self._tabs[target_id] = TabInfo(target_id, info.get("url", ""), info.get("openerId"))
            case "Browser.downloadWillBegin":
                self._begun(params["frameId"], params["guid"], params["suggestedFilename"])
            case "Browser.downloadProgress" if params["state"] == "completed":
                if name := self._theirs.pop(params["guid"], ""):
                    self._hand_over(params["guid"], name)

    def hand_over_rest(self) -> None:
        """What a frame inside a page downloaded and no worker took: it may be the user's."""
        for guid, name in self._unknown.items():
            self._hand_over(guid, name)
        self._unknown.clear()

    def _begun(self, frame_id: str, guid: str, name: str) -> None:
        if frame_id not in self._tabs:
            self._unknown[guid] = name
        elif frame_id not in self._ours_of(list(self._tabs.values())):
            self._theirs[guid] = name

    def _hand_over(self, guid: str, name: str) -> None:
        """Raises nothing: a file that cannot be moved is told of."""
        folder = self._work_dir.own_downloads
        destination = folder / _safe(name, guid)
        if destination.exists():
            destination = folder / f"{guid[:8]}-{destination.name}"
        try:
            folder.mkdir(exist_ok=True)
            (self._work_dir.downloads / guid).replace(destination)
        except FileNotFoundError:
            return  # taken by a worker, or never finished
        except OSError as error:
            logger.bind(event="own_download_lost").error("{} was not handed over: {}", name, error)
            return
        self._say(f"a tab of your own downloaded {destination.name}: it lies in {folder}")


def _safe(name: str, guid: str) -> str:
    """A plain file name, whatever the page proposed."""
    plain = re.sub(r"[^\w. ()+-]", "_", Path(name.replace("\\", "/")).name).strip(" .")
    return plain[-_LONGEST_NAME:] or guid
