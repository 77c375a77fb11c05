"""What one CDP client may see and do: a browser with one tab and its pop-ups. Decides, touches no socket.

The messages of both sides go in, the messages to pass on come out. Most need no look at all
(``endpoint_rules.command_needs_a_look``, ``event_needs_a_look``) and never get here.

Pop-ups. ``Target.autoAttachRelated`` reports none (HAZARDS C7), and ``Target.setDiscoverTargets`` reports the doings of
every tab to every worker, N² messages. ``Page.windowOpen`` tells a moment earlier that a pop-up comes: discovery is
on from there until the pop-up is attached. Chromium names us as ``openerId`` for ``rel=noopener`` links too.

Downloads. Chrome tells of a tab's download on the tab's own session (``Page.download…``); Playwright listens on the
browser's (``Browser.download…``). A pop-up may begin its download before anybody could attach to it: those come as
notes of the supervisor (popup_downloads) and are told in the same words.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tabworker import endpoint_rules as rules
from tabworker.popup_downloads import PopupDownload

DISCOVER_AT_MOST_S = 5.0
"""How long to look for an announced pop-up: pop-up blockers and ``window.open`` into a named frame create none."""

DISCOVER_AFTER_POPUP_S = 0.25
"""A pop-up may open another before the client listens to its ``Page.windowOpen``."""

NOTE_PATIENCE_S = 0.3
"""How long the tab's own event may take to arrive before a note is told in its place."""

_EVENTS = (
    b'{"method":"Target.',
    b'{"method":"Page.downloadWillBegin',
    b'{"method":"Page.downloadProgress',
    b'{"method":"Page.windowOpen',
)
_INFO_CHANGED = b'{"method":"Target.targetInfoChanged"'
_ANSWER = b'{"id":'

_FIRST_OWN_ID = 1_000_000_000
"""The endpoint's own commands are numbered from here; Playwright counts from 1."""

Message = dict[str, Any]
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


@dataclass
class Onward:
    """What to pass on, in this order."""

    to_client: list[bytes] = field(default_factory=list)
    to_chrome: list[bytes] = field(default_factory=list)


class TabView:
    """The state of one connection. ``now``: monotonic seconds."""

    def __init__(self, target_id: str) -> None:
        self._tab = target_id
        self._own = {target_id}
        self._popup_attached: set[str] = set()
        self._browser_sessions: set[str] = set()
        self._ids = itertools.count(_FIRST_OWN_ID)
        self._awaited: dict[int, Callable[[Message, Onward], None]] = {}
        self._discover_until: float | None = None
        self._told_downloads: set[str] = set()
        self._windows_opened_at: float | None = None

    # --- the client's commands ----------------------------------------------------------------------------

    def client_says(self, data: bytes) -> Onward:
        """Judge a command for which ``command_needs_a_look``."""
        onward = Onward()
        command: Message = _decode(data)
        method = command.get("method", "")
        reason = self._refusal(method, command)
        if reason is not None:
            onward.to_client.append(_error(command, f"Tabcrew refuses {method}: {reason}"))
        elif method in rules.SWALLOWED:
            onward.to_client.append(_result(command, {}))
        elif method in rules.REWRITTEN:
            self._rewrite(method, command, onward, data)
        else:
            onward.to_chrome.append(data)
        return onward

    def _refusal(self, method: str, command: Message) -> str | None:
        if method in rules.REFUSED:
            return rules.REFUSED[method]
        session = command.get("sessionId")
        of_browser = session is None or session in self._browser_sessions
        if method in rules.REFUSED_WITHOUT_A_TAB and of_browser:
            return rules.REFUSED_WITHOUT_A_TAB[method]
        if method == "Target.setAutoAttach" and session in self._browser_sessions:
            return rules.OTHERS_TABS
        if method in rules.OWN_TARGETS_ONLY:
            target = command.get("params", {}).get("targetId")
            if target is not None and target not in self._own:
                return f"target {target} is not this worker's tab nor a pop-up of it"
        return None

    def _rewrite(self, method: str, command: Message, onward: Onward, data: bytes) -> None:
        if method == "Target.setAutoAttach" and command.get("sessionId") is None:
            wait = command.get("params", {}).get("waitForDebuggerOnStart", True)
            command["method"] = "Target.autoAttachRelated"
            command["params"] = {"targetId": self._tab, "waitForDebuggerOnStart": wait}
            onward.to_chrome.append(_encode(command))
            return
        if method == "Target.createTarget":
            self._awaited[command["id"]] = self._created
        elif method == "Target.getTargets":
            self._awaited[command["id"]] = self._targets_listed
        elif method == "Target.attachToBrowserTarget":
            self._awaited[command["id"]] = self._browser_session_opened
        onward.to_chrome.append(data)

    # --- Chrome's answers and events ----------------------------------------------------------------------

    def event_needs_a_look(self, data: bytes) -> bool:
        return data.startswith(_EVENTS) or (bool(self._awaited) and data.startswith(_ANSWER))

    def chrome_says(self, data: bytes, now: float) -> Onward:
        """Judge a message for which ``event_needs_a_look``."""
        onward = Onward()
        if data.startswith(_INFO_CHANGED):
            return onward  # only the endpoint discovers, and it does not care: not even parsed
        message: Message = _decode(data)
        if "id" in message:
            answer_taker = self._awaited.pop(message["id"], None)
            if answer_taker is None:
                onward.to_client.append(data)
            else:
                answer_taker(message, onward)
            return onward
        method: str = message["method"]
        if method.startswith("Page.download"):
            self._download_told(message, onward)
            return onward
        if method == "Page.windowOpen":
            self._window_announced(now, onward)
        if method.startswith("Target.target") and "sessionId" not in message:
            self._discovered(method, message["params"], now, onward)
            return onward
        if method == "Target.detachedFromTarget":
            self._forget(message["params"].get("targetId", ""))
        onward.to_client.append(data)
        return onward

    def _created(self, answer: Message, onward: Onward) -> None:
        """Hold the answer back until the client knows the new tab: Playwright looks it up at once."""
        target = answer.get("result", {}).get("targetId")
        if target is None:
            onward.to_client.append(_encode(answer))
            return
        self._own.add(target)

        def then(_: Message, later: Onward) -> None:
            later.to_client.append(_encode(answer))

        self._send("Target.autoAttachRelated", then, onward, targetId=target, waitForDebuggerOnStart=True)

    def _targets_listed(self, answer: Message, onward: Onward) -> None:
        result = answer.get("result", {})
        if "targetInfos" in result:
            result["targetInfos"] = [info for info in result["targetInfos"] if info["targetId"] in self._own]
        onward.to_client.append(_encode(answer))

    def _browser_session_opened(self, answer: Message, onward: Onward) -> None:
        session = answer.get("result", {}).get("sessionId")
        if session is not None:
            self._browser_sessions.add(session)
        onward.to_client.append(_encode(answer))

    # --- pop-ups ------------------------------------------------------------------------------------------

    def _window_announced(self, now: float, onward: Onward) -> None:
        if self._discover_until is None:
            # Page targets only: it also spares us Chrome's own little windows.
            pages = [{"type": "page", "exclude": False}]
            self._send("Target.setDiscoverTargets", _ignore, onward, discover=True, filter=pages)
        self._discover_until = now + DISCOVER_AT_MOST_S
        self._windows_opened_at = now

    def _discovered(self, method: str, params: Message, now: float, onward: Onward) -> None:
        if method == "Target.targetDestroyed":
            self._forget(params["targetId"])
        if method != "Target.targetCreated":
            return
        info = params["targetInfo"]
        target = info["targetId"]
        if info.get("openerId") not in self._own or target in self._own:
            return
        self._own.add(target)
        self._discover_until = now + DISCOVER_AFTER_POPUP_S

        def then(answer: Message, _: Onward) -> None:
            if "error" in answer:
                self._own.discard(target)  # gone already: its download, if it began one, comes as a note
            else:
                self._popup_attached.add(target)

        self._send("Target.attachToTarget", then, onward, targetId=target, flatten=True)

    def _forget(self, target: str) -> None:
        # An opener is kept: a pop-up of its pop-ups may still appear. Only pop-ups come and go in numbers.
        if target != self._tab:
            self._popup_attached.discard(target)

    def tick(self, now: float) -> Onward:
        """Stop discovering when its time is over."""
        onward = Onward()
        if self._discover_until is not None and now >= self._discover_until:
            self._discover_until = None
            self._send("Target.setDiscoverTargets", _ignore, onward, discover=False)
        return onward

    @property
    def discovering(self) -> bool:
        return self._discover_until is not None

    @property
    def windows_opened_at(self) -> float | None:
        """When the latest pop-up was announced; None when none ever was."""
        return self._windows_opened_at

    # --- downloads ----------------------------------------------------------------------------------------

    def _download_told(self, message: Message, onward: Onward) -> None:
        params = message["params"]
        if message["method"] == "Page.downloadWillBegin":
            if params["guid"] in self._told_downloads:
                return
            self._told_downloads.add(params["guid"])
        elif params.get("state") == "inProgress":
            return  # six a document, and Playwright ignores them
        elif params["guid"] not in self._told_downloads:
            return
        self._tell(message["method"].replace("Page.", "Browser."), params, onward)

    def note_says(self, note: PopupDownload, noted_for_s: float) -> Onward | None:
        """Tell of a pop-up's download whose own event was missed. None: ask again later."""
        known = note.guid in self._told_downloads
        if not known and noted_for_s < NOTE_PATIENCE_S:
            return None
        onward = Onward()
        if not known:
            self._told_downloads.add(note.guid)
            frame = note.frame_id if note.frame_id in self._popup_attached else self._tab
            params = {
                "frameId": frame,
                "guid": note.guid,
                "url": note.url,
                "suggestedFilename": note.file_name,
            }
            self._tell("Browser.downloadWillBegin", params, onward)
        if note.ended:
            end = {"guid": note.guid, "totalBytes": 0, "receivedBytes": 0, "state": note.state}
            self._tell("Browser.downloadProgress", end, onward)
        return onward

    def _tell(self, method: str, params: Message, onward: Onward) -> None:
        """Browser-wide news: on the root session, where Playwright listens, and on each session like it."""
        # First those: when Playwright's own event wakes a waiter, the tab's captures know the download already.
        for session in sorted(self._browser_sessions):
            onward.to_client.append(_encode({"method": method, "params": params, "sessionId": session}))
        onward.to_client.append(_encode({"method": method, "params": params}))

    def _send(
        self, method: str, then: Callable[[Message, Onward], None], onward: Onward, **params: Any
    ) -> None:
        number = next(self._ids)
        self._awaited[number] = then
        onward.to_chrome.append(_encode({"id": number, "method": method, "params": params}))


def _ignore(_: Message, __: Onward) -> None:
    """Nobody waits for this answer."""


def _result(command: Message, result: Message) -> bytes:
    return _answer(command, {"result": result})


def _error(command: Message, text: str) -> bytes:
    return _answer(command, {"error": {"code": -32000, "message": text}})


def _answer(command: Message, body: Message) -> bytes:
    answer: Message = {"id": command.get("id"), **body}
    if "sessionId" in command:
        answer["sessionId"] = command["sessionId"]
    return _encode(answer)
