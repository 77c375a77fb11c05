"""Notes in a file tell a worker of the downloads that a pop-up began before the worker could attach.

Problem: a link with ``target=_blank`` opens a pop-up, its answer is a PDF, Chrome turns it into a download
and closes the pop-up again, all within milliseconds. Chrome tells of a download on the pop-up's own session
and to clients that set the download behaviour. The worker's endpoint is often too late for the first (that
takes two round trips) and must not be the second (HAZARDS C5). Guessing by the newest file in the folder
would hand out another worker's document.

Solution: the supervisor's root connection hears of every download and knows which tab opened which pop-up.
It notes a pop-up's download in the file of the tab that opened it, in the downloads folder; the endpoint of
that tab reads it.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec


@dataclass(frozen=True)
class PopupDownload:
    """``frame_id``: the pop-up. ``state``: empty while it runs, then ``completed`` or ``canceled``."""

    guid: str
    frame_id: str
    url: str
    file_name: str
    state: str = ""

    @property
    def ended(self) -> bool:
        return bool(self.state)


def notes_file(downloads_dir: Path, target_id: str) -> Path:
    return downloads_dir / f"{target_id}.popups.jsonl"


class PopupDownloadNotes:
    """Written by the supervisor: give ``on_event`` every event of the root connection.

    The root connection must have ``Target.setDiscoverTargets`` on and the download behaviour set with
    ``eventsEnabled``. Its events come from one thread.
    """

    def __init__(self, downloads_dir: Path) -> None:
        self._folder = downloads_dir
        self._tab_of_popup: dict[str, str] = {}
        self._tab_of_download: dict[str, str] = {}

    def on_event(self, event: dict[str, Any]) -> None:
        """Raises OSError when the folder cannot be written."""
        params = event.get("params", {})
        match event.get("method"):
            case "Target.targetCreated":
                self._target_created(params["targetInfo"])
            case "Target.targetDestroyed":
                self._target_destroyed(params["targetId"])
            case "Browser.downloadWillBegin":
                self._begun(params)
            case "Browser.downloadProgress" if params["state"] != "inProgress":
                self._ended(params["guid"], params["state"])

    def _target_created(self, info: dict[str, Any]) -> None:
        opener = info.get("openerId")
        if opener:
            self._tab_of_popup[info["targetId"]] = self._tab_of_popup.get(opener, opener)

    def _target_destroyed(self, target_id: str) -> None:
        if self._tab_of_popup.pop(target_id, None) is None:
            notes_file(self._folder, target_id).unlink(missing_ok=True)

    def _begun(self, params: dict[str, Any]) -> None:
        tab = self._tab_of_popup.get(params["frameId"])
        if tab is None:
            return  # a tab's own download: its endpoint hears of it
        self._tab_of_download[params["guid"]] = tab
        line = {
            "guid": params["guid"],
            "frame_id": params["frameId"],
            "url": params["url"],
            "file_name": params["suggestedFilename"],
        }
        self._append(tab, line)

    def _ended(self, guid: str, state: str) -> None:
        tab = self._tab_of_download.pop(guid, None)
        if tab is not None:
            self._append(tab, {"guid": guid, "state": state})

    def _append(self, tab: str, line: dict[str, str]) -> None:
        with notes_file(self._folder, tab).open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")


class PopupDownloadReader:
    """Read by the endpoint of one tab."""

    def __init__(self, downloads_dir: Path, target_id: str) -> None:
        self._path = notes_file(downloads_dir, target_id)
        self._offset = 0
        self._running: dict[str, PopupDownload] = {}

    def read_new(self) -> list[PopupDownload]:
        """The downloads that began or ended since the last call, in their latest state."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return []
        complete = data[: data.rfind(b"\n") + 1]
        self._offset += len(complete)
        changed: dict[str, PopupDownload] = {}
        for raw in complete.splitlines():
            note = self._take(msgspec.json.decode(raw, type=dict[str, str]))
            changed[note.guid] = note
        return list(changed.values())

    def _take(self, line: dict[str, str]) -> PopupDownload:
        if "state" in line:
            return replace(self._running.pop(line["guid"]), state=line["state"])
        note = PopupDownload(**line)
        self._running[note.guid] = note
        return note
