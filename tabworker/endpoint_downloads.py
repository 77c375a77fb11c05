"""How the downloads of a tab and its pop-ups are told to its client. Decides, touches no socket.

Chrome tells of a tab's download on the tab's own session (``Page.download…``); Playwright listens on the
browser's (``Browser.download…``). It is told there when the file is whole, so that nobody need wait for the
end of a download: Playwright's own ways to do so know no time-out. The tab's captures hear of the beginning
too, on the browser-level sessions that they opened.

A pop-up may begin its download before anybody could attach to it: then its own event is lost, and a note of
the supervisor (popup_downloads) tells the same.
"""

from collections.abc import Set

from tabworker.endpoint_messages import Message, Onward, encode
from tabworker.popup_downloads import PopupDownload

NOTE_PATIENCE_S = 0.1
"""How long an attached pop-up's own event may take to arrive before a note is told in its place."""


class DownloadNews:
    """Tells each download once. The sets are the view's own: they change while we look at them."""

    def __init__(
        self, tab: str, own_targets: Set[str], popups_attached: Set[str], browser_sessions: Set[str]
    ) -> None:
        self._tab = tab
        self._own = own_targets
        self._popups_attached = popups_attached
        self._browser_sessions = browser_sessions
        self._told: set[str] = set()
        self._running: dict[str, Message] = {}

    def event_says(self, event: Message, onward: Onward) -> None:
        """A ``Page.downloadWillBegin`` or ``Page.downloadProgress`` of the tab or a pop-up."""
        params = event["params"]
        if event["method"] == "Page.downloadWillBegin":
            self._begins(params, onward)
        elif params["state"] != "inProgress":
            self._ends(params["guid"], params["state"], onward)

    def note_says(self, note: PopupDownload, noted_for_s: float) -> Onward | None:
        """A pop-up's download, told unless its own event was. None: ask again later."""
        attached = note.frame_id in self._popups_attached
        if attached and note.guid not in self._told and noted_for_s < NOTE_PATIENCE_S:
            return None
        onward = Onward()
        params = {
            "frameId": note.frame_id if attached else self._tab,
            "guid": note.guid,
            "url": note.url,
            "suggestedFilename": note.file_name,
        }
        self._begins(params, onward)
        if note.ended:
            self._ends(note.guid, note.state, onward)
        return onward

    def _begins(self, params: Message, onward: Onward) -> None:
        if params["guid"] in self._told:
            return  # an event and a note, or two sessions on the same tab
        self._told.add(params["guid"])
        self._running[params["guid"]] = params
        self._tell_captures("Browser.downloadWillBegin", params, onward)

    def _ends(self, guid: str, state: str, onward: Onward) -> None:
        begun = self._running.pop(guid, None)
        if begun is None:
            return
        end = {"guid": guid, "totalBytes": 0, "receivedBytes": 0, "state": state}
        # The captures first: Playwright's event wakes whoever waits, and then they must know the state.
        self._tell_captures("Browser.downloadProgress", end, onward)
        if begun["frameId"] in self._own - self._popups_attached:
            # Playwright drops the news of a frame that it does not know: a pop-up that is gone speaks as the
            # tab.
            begun = {**begun, "frameId": self._tab}
        onward.to_client.append(encode({"method": "Browser.downloadWillBegin", "params": begun}))
        onward.to_client.append(encode({"method": "Browser.downloadProgress", "params": end}))

    def _tell_captures(self, method: str, params: Message, onward: Onward) -> None:
        for session in sorted(self._browser_sessions):
            onward.to_client.append(encode({"method": method, "params": params, "sessionId": session}))
