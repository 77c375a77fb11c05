"""The root connection against a peer that answers late, wrongly, or not at all."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from chrome_launcher.errors import CdpError, CdpTimeout, ConnectionLost
from chrome_launcher.root_connection import RootConnection
from tests.support.eventually import eventually

Peer = Callable[[ServerConnection, dict[str, Any]], None]


@contextmanager
def connected(peer: Peer) -> Iterator[RootConnection]:
    """A root connection to a server that gives every command to ``peer``."""

    def handle(websocket: ServerConnection) -> None:
        try:
            for message in websocket:
                peer(websocket, json.loads(message))
        except ConnectionClosed:
            return  # the client went first

    with serve(handle, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        host, port = server.socket.getsockname()[:2]
        root = RootConnection.connect(f"ws://{host}:{port}/devtools/browser/x")
        try:
            yield root
        finally:
            root.close()
            server.shutdown()
            thread.join(5)


def echo(websocket: ServerConnection, command: dict[str, Any]) -> None:
    websocket.send(json.dumps({"id": command["id"], "result": command}))


def silence(_websocket: ServerConnection, _command: dict[str, Any]) -> None:
    """Answer nothing."""


def hang_up(websocket: ServerConnection, _command: dict[str, Any]) -> None:
    websocket.socket.shutdown(socket.SHUT_RDWR)


def test_call_sends_method_params_and_session_when_given() -> None:
    with connected(echo) as root:
        assert root.call("A.b", {"x": 1}, session_id="s") == {
            "id": 1,
            "method": "A.b",
            "params": {"x": 1},
            "sessionId": "s",
        }
        assert "sessionId" not in root.call("A.b")


def test_call_raises_the_error_when_chrome_refuses() -> None:
    def refuse(websocket: ServerConnection, command: dict[str, Any]) -> None:
        websocket.send(
            json.dumps({"id": command["id"], "error": {"code": -32000, "message": "no such target"}})
        )

    with connected(refuse) as root, pytest.raises(CdpError, match="no such target") as caught:
        root.call("Target.closeTarget")
    assert (caught.value.method, caught.value.code) == ("Target.closeTarget", -32000)


def test_call_gives_up_when_no_answer_comes_in_time() -> None:
    with connected(silence) as root:
        with pytest.raises(CdpTimeout, match=r"Browser.getVersion within 0.05 s"):
            root.call("Browser.getVersion", timeout_s=0.05)
        assert not root.lost


def test_call_ignores_the_late_answer_when_it_has_given_up() -> None:
    late: list[int] = []

    def answer_the_second_with_both(websocket: ServerConnection, command: dict[str, Any]) -> None:
        late.append(command["id"])
        if len(late) == 2:
            for number in late:
                websocket.send(json.dumps({"id": number, "result": {"number": number}}))

    with connected(answer_the_second_with_both) as root:
        with pytest.raises(CdpTimeout):
            root.call("A.slow", timeout_s=0.05)
        assert root.call("A.next") == {"number": late[1]}


def test_pending_commands_fail_at_once_when_the_socket_dies() -> None:
    with connected(hang_up) as root, pytest.raises(ConnectionLost):
        root.call("A.b", timeout_s=60)
    assert root.lost


def test_submit_fails_when_the_connection_is_lost_already() -> None:
    with connected(echo) as root:
        root.close()
        assert isinstance(root.submit("A.b").exception(1), ConnectionLost)


def test_on_lost_is_called_once_when_the_socket_dies() -> None:
    calls: list[ConnectionLost] = []
    with connected(hang_up) as root:
        root.on_lost(calls.append)
        root.submit("A.b")
        eventually(lambda: calls, 5.0)
        root.close()
    assert len(calls) == 1


def test_on_lost_is_called_at_once_when_it_was_lost_before() -> None:
    calls: list[ConnectionLost] = []
    with connected(echo) as root:
        root.close()
        root.on_lost(calls.append)
    assert len(calls) == 1


def test_events_go_on_when_a_listener_fails() -> None:
    def event_then_answer(websocket: ServerConnection, command: dict[str, Any]) -> None:
        websocket.send(json.dumps({"method": "Target.targetCreated", "params": {}}))
        echo(websocket, command)

    seen: list[dict[str, Any]] = []

    def fail(_event: dict[str, Any]) -> None:
        raise KeyError("targetInfo")

    with connected(event_then_answer) as root:
        root.on_event(fail)
        root.on_event(seen.append)
        root.call("A.b")
        root.call("A.b")
    assert [event["method"] for event in seen] == ["Target.targetCreated"] * 2


@pytest.mark.parametrize(
    "title", [rb"\ud800", b"\xff\xfe", b"\xed\xa0\x80"], ids=["lone surrogate", "no UTF-8", "raw surrogate"]
)
def test_reader_lives_on_when_a_page_has_a_hostile_title(title: bytes) -> None:
    def event_then_answer(websocket: ServerConnection, command: dict[str, Any]) -> None:
        websocket.send(b'{"method":"T.changed","params":{"title":"' + title + b'"}}', text=True)
        echo(websocket, command)

    seen: list[dict[str, Any]] = []
    with connected(event_then_answer) as root:
        root.on_event(seen.append)
        assert root.call("A.b")["method"] == "A.b"
    assert seen[0]["method"] == "T.changed"


@pytest.mark.parametrize("frame", ["[1]", "null", '"text"', "{", '{"id": 99, "result": {}}', '{"id": "x"}'])
def test_reader_lives_on_when_a_frame_is_no_message_for_us(frame: str) -> None:
    def nonsense_then_answer(websocket: ServerConnection, command: dict[str, Any]) -> None:
        websocket.send(frame)
        echo(websocket, command)

    with connected(nonsense_then_answer) as root:
        assert root.call("A.b")["method"] == "A.b"


def test_call_refuses_when_it_would_wait_for_its_own_thread() -> None:
    errors: list[RuntimeError] = []

    def event_then_answer(websocket: ServerConnection, command: dict[str, Any]) -> None:
        websocket.send(json.dumps({"method": "T.x", "params": {}}))
        echo(websocket, command)

    with connected(event_then_answer) as root:

        def call_from_listener(_event: dict[str, Any]) -> None:
            try:
                root.call("A.c")
            except RuntimeError as error:
                errors.append(error)

        root.on_event(call_from_listener)
        root.call("A.b")
    assert "reader thread" in str(errors[0])


def test_connect_says_where_and_how_long_when_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{unused.getsockname()[1]}/"
        with pytest.raises(ConnectionLost, match=r"ws://127.0.0.1:\d+/ within 2 s"):
            RootConnection.connect(url, timeout_s=2)
