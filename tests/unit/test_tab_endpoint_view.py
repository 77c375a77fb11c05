"""The tab endpoint's decisions, replayed message by message: what passes, what is refused, what is told."""

from typing import Any

import pytest

from tabworker import endpoint_rules as rules
from tabworker.endpoint_messages import Message, Onward, decode, encode
from tabworker.endpoint_view import DISCOVER_AFTER_POPUP_S, DISCOVER_AT_MOST_S, TabView
from tabworker.popup_downloads import PopupDownload

TAB = "TAB"
STRANGER = "STRANGER"


def command(method: str, params: Message | None = None, session: str | None = None, number: int = 7) -> bytes:
    message: Message = {"id": number, "method": method, "params": params or {}}
    if session is not None:
        message["sessionId"] = session
    return encode(message)


def event(method: str, params: Message, session: str | None = None) -> bytes:
    message: Message = {"method": method, "params": params}
    if session is not None:
        message["sessionId"] = session
    return encode(message)


def told(onward: Onward) -> list[Message]:
    return [decode(data) for data in onward.to_client]


def asked(onward: Onward) -> list[Message]:
    return [decode(data) for data in onward.to_chrome]


def created(target: str, opener: str | None) -> bytes:
    info: dict[str, Any] = {"targetId": target, "type": "page"}
    if opener is not None:
        info["openerId"] = opener
    return event("Target.targetCreated", {"targetInfo": info})


def open_popup(view: TabView, target: str = "POPUP", now: float = 0.0) -> None:
    """Announce, create and attach a pop-up of the tab."""
    view.chrome_says(event("Page.windowOpen", {"url": "x"}, "S1"), now)
    attach = asked(view.chrome_says(created(target, TAB), now))[0]
    view.chrome_says(encode({"id": attach["id"], "result": {"sessionId": "S2"}}), now)


@pytest.mark.parametrize("method", sorted(rules.REFUSED))
def test_command_is_refused_by_name_when_it_reaches_beyond_the_tab(method: str) -> None:
    onward = TabView(TAB).client_says(command(method, session="S1"))
    (answer,) = told(onward)
    assert method in answer["error"]["message"]
    assert rules.REFUSED[method] in answer["error"]["message"]
    assert (answer["id"], answer["sessionId"]) == (7, "S1")
    assert onward.to_chrome == []


@pytest.mark.parametrize("method", sorted(rules.SWALLOWED))
def test_command_is_answered_and_not_forwarded_when_the_supervisor_holds_that_right(method: str) -> None:
    onward = TabView(TAB).client_says(command(method))
    assert told(onward) == [{"id": 7, "result": {}}]
    assert onward.to_chrome == []


@pytest.mark.parametrize("method", sorted(rules.OWN_TARGETS_ONLY))
def test_target_command_is_refused_when_the_target_is_a_strangers(method: str) -> None:
    view = TabView(TAB)
    own = command(method, {"targetId": TAB})
    assert view.client_says(own).to_chrome == [own]
    onward = view.client_says(command(method, {"targetId": STRANGER}))
    assert STRANGER in told(onward)[0]["error"]["message"]
    assert onward.to_chrome == []


def test_interception_is_refused_when_it_is_asked_of_the_browser_and_not_of_a_tab() -> None:
    view = TabView(TAB)
    of_tab = command("Fetch.enable", session="S1")
    assert view.client_says(of_tab).to_chrome == [of_tab]
    assert "error" in told(view.client_says(command("Fetch.enable")))[0]


def test_browser_session_gets_the_browsers_rules_when_the_client_opened_it() -> None:
    view = TabView(TAB)
    ask = command("Target.attachToBrowserTarget")
    assert view.client_says(ask).to_chrome == [ask]
    answer = encode({"id": 7, "result": {"sessionId": "B1"}})
    assert view.event_needs_a_look(answer)
    assert view.chrome_says(answer, 0.0).to_client == [answer]
    for method in ("Fetch.enable", "Target.setAutoAttach"):
        assert "error" in told(view.client_says(command(method, session="B1")))[0]


def test_auto_attach_becomes_the_own_tab_when_it_is_asked_of_the_browser() -> None:
    view = TabView(TAB)
    (asked_for,) = asked(view.client_says(command("Target.setAutoAttach", {"waitForDebuggerOnStart": True})))
    assert asked_for == {
        "id": 7,
        "method": "Target.autoAttachRelated",
        "params": {"targetId": TAB, "waitForDebuggerOnStart": True},
    }
    of_tab = command("Target.setAutoAttach", session="S1")
    assert view.client_says(of_tab).to_chrome == [of_tab]


def test_target_list_shows_only_own_tabs_when_it_is_asked_for() -> None:
    view = TabView(TAB)
    view.client_says(command("Target.getTargets"))
    infos = [{"targetId": TAB}, {"targetId": STRANGER}]
    (answer,) = told(view.chrome_says(encode({"id": 7, "result": {"targetInfos": infos}}), 0.0))
    assert answer["result"]["targetInfos"] == [{"targetId": TAB}]


def test_new_tab_is_owned_and_attached_before_the_client_learns_of_it_when_it_creates_one() -> None:
    view = TabView(TAB)
    view.client_says(command("Target.createTarget", {"url": "about:blank"}))
    answer = {"id": 7, "result": {"targetId": "NEW"}}
    onward = view.chrome_says(encode(answer), 0.0)
    assert onward.to_client == []
    (attach,) = asked(onward)
    assert (attach["method"], attach["params"]["targetId"]) == ("Target.autoAttachRelated", "NEW")
    assert told(view.chrome_says(encode({"id": attach["id"], "result": {}}), 0.0)) == [answer]
    close = command("Target.closeTarget", {"targetId": "NEW"})
    assert view.client_says(close).to_chrome == [close]


def test_discovery_lasts_from_the_announcement_until_the_popup_is_attached() -> None:
    view = TabView(TAB)
    announced = event("Page.windowOpen", {"url": "x"}, "S1")
    onward = view.chrome_says(announced, 0.0)
    assert onward.to_client == [announced]
    assert asked(onward)[0]["params"]["discover"] is True
    assert view.tick(DISCOVER_AT_MOST_S - 0.01).to_chrome == []
    (attach,) = asked(view.chrome_says(created("POPUP", TAB), 1.0))
    assert attach["method"] == "Target.attachToTarget"
    (off,) = asked(view.tick(1.0 + DISCOVER_AFTER_POPUP_S))
    assert off["params"] == {"discover": False}
    assert not view.discovering
    assert view.tick(99.0).to_chrome == []


def test_discovery_ends_when_no_popup_follows_the_announcement() -> None:
    view = TabView(TAB)
    view.chrome_says(event("Page.windowOpen", {"url": "x"}, "S1"), 0.0)
    assert asked(view.tick(DISCOVER_AT_MOST_S))[0]["params"] == {"discover": False}


def test_strangers_tab_is_neither_attached_nor_told_when_discovery_reports_it() -> None:
    view = TabView(TAB)
    view.chrome_says(event("Page.windowOpen", {"url": "x"}, "S1"), 0.0)
    for message in (
        created(STRANGER, None),
        created("THEIRS", STRANGER),
        event("Target.targetInfoChanged", {"targetInfo": {"targetId": STRANGER}}),
        event("Target.targetDestroyed", {"targetId": STRANGER}),
    ):
        assert view.event_needs_a_look(message)
        assert view.chrome_says(message, 0.0) == Onward()


def test_popup_of_a_popup_is_attached_when_its_opener_is_ours() -> None:
    view = TabView(TAB)
    open_popup(view)
    assert asked(view.chrome_says(created("SECOND", "POPUP"), 0.0))[0]["params"]["targetId"] == "SECOND"
    assert view.chrome_says(created("SECOND", "POPUP"), 0.0) == Onward()


def test_iframes_session_passes_untouched_when_chrome_reports_it_on_the_tab() -> None:
    message = event("Target.attachedToTarget", {"targetInfo": {"targetId": "FRAME"}}, "S1")
    assert TabView(TAB).chrome_says(message, 0.0).to_client == [message]


def test_ordinary_traffic_needs_no_look_when_it_passes() -> None:
    view = TabView(TAB)
    assert not rules.command_needs_a_look(
        command("Runtime.evaluate", {"expression": '"method":"Browser.close"'})
    )
    assert not view.event_needs_a_look(event("Network.dataReceived", {"requestId": "Target.x"}, "S1"))
    assert not view.event_needs_a_look(encode({"id": 7, "result": {}}))
    view.client_says(command("Target.getTargets"))
    assert not view.event_needs_a_look(encode({"id": 8, "result": {}}))


def test_command_is_looked_at_when_its_name_hides_behind_other_keys() -> None:
    hidden = encode({"params": {"filler": "x" * 200}, "id": 1, "method": "Storage.clearCookies"})
    assert rules.command_needs_a_look(hidden)
    assert "error" in told(TabView(TAB).client_says(hidden))[0]


def download(guid: str, frame: str = TAB) -> bytes:
    params = {"frameId": frame, "guid": guid, "url": "u", "suggestedFilename": "f.pdf"}
    return event("Page.downloadWillBegin", params, "S1")


def progress(guid: str, state: str) -> bytes:
    params = {"guid": guid, "state": state, "totalBytes": 1, "receivedBytes": 1}
    return event("Page.downloadProgress", params, "S1")


def test_download_is_told_in_the_browsers_words_when_it_is_whole() -> None:
    view = TabView(TAB)
    assert view.chrome_says(download("G"), 0.0) == Onward()
    assert view.chrome_says(progress("G", "inProgress"), 0.0) == Onward()
    begin, end = told(view.chrome_says(progress("G", "completed"), 0.0))
    assert (begin["method"], begin["params"]["guid"]) == ("Browser.downloadWillBegin", "G")
    assert (end["method"], end["params"]["state"]) == ("Browser.downloadProgress", "completed")
    assert "sessionId" not in begin
    assert view.chrome_says(progress("G", "completed"), 0.0) == Onward()


def test_download_is_told_to_browser_sessions_at_once_when_the_client_opened_one() -> None:
    view = TabView(TAB)
    view.client_says(command("Target.attachToBrowserTarget"))
    view.chrome_says(encode({"id": 7, "result": {"sessionId": "B1"}}), 0.0)
    (begin,) = told(view.chrome_says(download("G"), 0.0))
    assert (begin["method"], begin["sessionId"]) == ("Browser.downloadWillBegin", "B1")
    methods = [
        (m["method"], m.get("sessionId")) for m in told(view.chrome_says(progress("G", "canceled"), 0.0))
    ]
    assert methods == [
        ("Browser.downloadProgress", "B1"),
        ("Browser.downloadWillBegin", None),
        ("Browser.downloadProgress", None),
    ]


def test_popups_download_speaks_as_the_tab_when_the_popup_is_gone() -> None:
    view = TabView(TAB)
    open_popup(view)
    view.chrome_says(download("G", "POPUP"), 0.0)
    view.chrome_says(event("Target.detachedFromTarget", {"sessionId": "S2", "targetId": "POPUP"}), 0.0)
    begin, _ = told(view.chrome_says(progress("G", "completed"), 0.0))
    assert begin["params"]["frameId"] == TAB


def test_noted_download_is_told_once_when_its_event_was_missed_or_comes_late() -> None:
    view = TabView(TAB)
    note = PopupDownload("G", "POPUP", "u", "f.pdf", "completed")
    onward = view.downloads.note_says(note, 0.0)
    assert onward is not None
    assert [message["params"]["guid"] for message in told(onward)] == ["G", "G"]
    assert view.chrome_says(download("G", "POPUP"), 0.0) == Onward()
    assert view.chrome_says(progress("G", "completed"), 0.0) == Onward()
    assert view.downloads.note_says(note, 9.0) == Onward()


def test_noted_download_waits_for_its_own_event_when_the_popup_is_attached() -> None:
    view = TabView(TAB)
    open_popup(view)
    note = PopupDownload("G", "POPUP", "u", "f.pdf", "completed")
    assert view.downloads.note_says(note, 0.0) is None
    onward = view.downloads.note_says(note, 1.0)
    assert onward is not None
    assert told(onward)[0]["params"]["frameId"] == "POPUP"


def test_addresses_are_blocked_on_every_session_that_listens_to_the_network() -> None:
    view = TabView(TAB, ["*://*/*.mp4"])
    assert rules.command_needs_a_look(command("Network.enable", session="S1"))
    for session in ("S1", "FRAME"):
        listen, block = asked(view.client_says(command("Network.enable", session=session)))
        assert (listen["method"], block["method"]) == ("Network.enable", "Network.setBlockedURLs")
        assert (block["sessionId"], block["params"]) == (session, {"urls": ["*://*/*.mp4"]})
        answer = encode({"id": block["id"], "result": {}, "sessionId": session})
        assert view.event_needs_a_look(answer)
        assert told(view.chrome_says(answer, 0.0)) == []
    assert len(asked(TabView(TAB).client_says(command("Network.enable", session="S1")))) == 1
