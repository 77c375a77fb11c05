"""Only this file speaks the browser-level websocket: one socket, one reader, a deadline on every command.

The reader thread resolves the futures and runs the callbacks, so a callback must return soon and may not
``call``: it would wait for an answer that only its own thread can read. When the socket dies, every pending
command fails with ConnectionLost at once: nobody waits out a time-out for an answer that cannot come.
"""

import contextlib
import itertools
import json
import socket
import struct
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any

import msgspec
from loguru import logger
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from chrome_launcher.errors import CdpError, CdpTimeout, ConnectionLost

Message = dict[str, Any]
EventCallback = Callable[[Message], None]
LostCallback = Callable[[ConnectionLost], None]

SEND_TIMEOUT_S = 5.0
"""A stopped Chrome reads nothing: once the socket's buffer is full, a send would otherwise block for ever."""

_decoder = msgspec.json.Decoder(Message)
_encoder = msgspec.json.Encoder()


class RootConnection:
    """The one connection to the whole browser. Safe to use from any thread."""

    def __init__(self, websocket: ClientConnection, closing: contextlib.ExitStack) -> None:
        """Takes over an open websocket and what closes it; use ``RootConnection.connect``."""
        self._websocket = websocket
        self._closing = closing
        self._ids = itertools.count(1)
        self._guard = threading.Lock()
        self._pending: dict[int, tuple[str, Future[Message]]] = {}
        self._lost: ConnectionLost | None = None
        self._event_callbacks: list[EventCallback] = []
        self._lost_callbacks: list[LostCallback] = []
        self._reader = threading.Thread(target=self._read, name="chrome-root", daemon=True)
        self._reader.start()

    @classmethod
    def connect(cls, ws_url: str, timeout_s: float = 10.0) -> "RootConnection":
        """Open the browser's websocket. Raises ConnectionLost when that does not succeed in time."""
        closing = contextlib.ExitStack()
        try:
            connecting = connect(
                ws_url,
                open_timeout=timeout_s,
                close_timeout=1.0,  # a stopped Chrome never answers the closing handshake
                ping_interval=None,  # the probe is Browser.getVersion: a half-dead Chrome still pongs
                max_size=None,  # what is asked for may be large, and the peer is our own Chrome
                max_queue=None,  # backpressure here would only make Chrome keep the events instead
                compression=None,  # loopback: deflate would cost CPU and save nothing
                proxy=None,  # HTTP_PROXY in the environment is for the portal, never for 127.0.0.1
            )
            websocket = closing.enter_context(connecting)
        except (OSError, WebSocketException) as error:
            raise ConnectionLost(
                f"no connection to Chrome at {ws_url} within {timeout_s:g} s: {error}"
            ) from error
        _limit_send_time(websocket.socket, SEND_TIMEOUT_S)
        return cls(websocket, closing)

    @property
    def lost(self) -> bool:
        """True once the socket is gone, for whatever reason, ``close`` included."""
        return self._lost is not None

    def on_event(self, callback: EventCallback) -> None:
        """Have every event, ``{"method", "params"[, "sessionId"]}``, given to ``callback`` in the reader."""
        self._event_callbacks.append(callback)

    def on_lost(self, callback: LostCallback) -> None:
        """Have ``callback`` called once when the connection is lost; at once when it is lost already."""
        with self._guard:
            lost = self._lost
            if lost is None:
                self._lost_callbacks.append(callback)
        if lost is not None:
            callback(lost)

    def call(
        self,
        method: str,
        params: Message | None = None,
        *,
        session_id: str | None = None,
        timeout_s: float = 5.0,
    ) -> Message:
        """Send one command and return its result. Raises CdpError, CdpTimeout or ConnectionLost."""
        if threading.current_thread() is self._reader:
            raise RuntimeError(f"{method} called in the reader thread would wait for itself; use submit()")
        future = self.submit(method, params, session_id)
        try:
            return future.result(timeout_s)
        except FutureTimeout:
            raise CdpTimeout(method, timeout_s) from None

    def submit(
        self, method: str, params: Message | None = None, session_id: str | None = None
    ) -> Future[Message]:
        """Send one command; its future ends in the result, CdpError or ConnectionLost. Does not wait."""
        future: Future[Message] = Future()
        future.set_running_or_notify_cancel()  # a cancelled future would make the reader's set_result raise
        frame: Message = {"id": next(self._ids), "method": method, "params": params or {}}
        if session_id is not None:
            frame["sessionId"] = session_id
        with self._guard:
            if self._lost is not None:
                future.set_exception(self._lost)
                return future
            self._pending[frame["id"]] = (method, future)
        try:
            self._websocket.send(_encoder.encode(frame), text=True)
        except (OSError, WebSocketException) as error:
            self._lose(f"sending {method} to Chrome failed: {error}")
        return future

    def close(self) -> None:
        """Close the socket; pending commands fail with ConnectionLost. Takes 2 s at most."""
        self._lose("the connection to Chrome was closed by us")
        with contextlib.suppress(OSError):  # already disconnected: that is what we want
            self._websocket.socket.shutdown(socket.SHUT_RDWR)
        if threading.current_thread() is not self._reader:
            self._reader.join(2.0)

    def _read(self) -> None:
        try:
            while True:
                self._take(self._websocket.recv(decode=False))
        except (OSError, WebSocketException) as error:
            self._lose(f"the connection to Chrome was lost: {error}")
        finally:
            self._lose("the reader of the connection to Chrome ended")  # by a bug: nobody shall wait for it
            self._closing.close()

    def _take(self, data: bytes) -> None:
        message = _decode(data)
        if "id" in message:
            self._resolve(message)
        elif "method" in message:
            self._tell(message)

    def _tell(self, message: Message) -> None:
        for callback in self._event_callbacks:
            try:
                callback(message)
            except Exception:  # noqa: BLE001 - one bad listener must not end the reader that answers all
                logger.bind(event="chrome_event_callback").exception(
                    f"a listener failed on {message['method']}"
                )

    def _resolve(self, message: Message) -> None:
        with self._guard:
            method, future = self._pending.pop(message["id"], ("", None))
        if future is None:
            return
        error = message.get("error")
        if error is None:
            future.set_result(message.get("result", {}))
        else:
            future.set_exception(CdpError(method, error.get("code", 0), error.get("message", "")))

    def _lose(self, reason: str) -> None:
        with self._guard:
            if self._lost is not None:
                return
            self._lost = ConnectionLost(reason)
            pending, self._pending = self._pending, {}
            callbacks, self._lost_callbacks = self._lost_callbacks, []
        for _method, future in pending.values():
            future.set_exception(self._lost)
        for callback in callbacks:
            callback(self._lost)


def _decode(data: bytes) -> Message:
    """The message. Titles and URLs come from pages: what strict JSON refuses must not end the reader."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        message = json.loads(data.decode("utf-8", "replace"))
    except ValueError:
        message = None
    if isinstance(message, dict):
        return message
    logger.bind(event="chrome_frame").warning(f"Chrome sent something that is no message: {data[:200]!r}")
    return {}


def _limit_send_time(sock: socket.socket, seconds: float) -> None:
    """Make a send that cannot go on fail. ``settimeout`` would also end the reader's patient ``recv``."""
    if sys.platform == "win32":
        limit = struct.pack("@L", int(seconds * 1000))
    else:
        limit = struct.pack("@ll", int(seconds), int(seconds % 1 * 1_000_000))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
