"""The tab endpoint: a CDP relay that shows Playwright a browser with exactly one tab (DESIGN §3).

It lives in a thread of its own in the worker's process, listens on 127.0.0.1 under an unguessable path, and
serves one client, once: whoever speaks to it has the user's session. What may pass is decided in
endpoint_view; here are the sockets. Nearly every message is passed on after a look at its first bytes.
"""

import asyncio
import secrets
import threading
import time
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.http11 import Request, Response

from tabworker.endpoint_messages import Onward
from tabworker.endpoint_rules import command_needs_a_look
from tabworker.endpoint_view import TabView
from tabworker.popup_downloads import PopupDownload, PopupDownloadReader

START_TIMEOUT_S = 10.0

WATCH_S = 120.0
"""How long after a pop-up was announced its download may begin to be noted."""

WATCH_EVERY_S = 0.02

Side = ClientConnection | ServerConnection


class EndpointError(Exception):
    """The endpoint cannot reach Chrome or cannot listen."""


class TabEndpoint:
    """One tab's endpoint. ``start`` it, connect Playwright to the URL it returns, ``close`` it."""

    def __init__(
        self,
        browser_ws_url: str,
        target_id: str,
        downloads_dir: Path | None = None,
        blocked_addresses: Sequence[str] = (),
    ) -> None:
        """``downloads_dir``: where the supervisor notes the downloads of pop-ups; None: it notes none.
        ``blocked_addresses``: patterns that are never loaded.
        """
        self._blocked = blocked_addresses
        self._browser_ws_url = browser_ws_url
        self._target_id = target_id
        self._downloads_dir = downloads_dir
        self._path = f"/devtools/browser/{secrets.token_urlsafe(24)}"
        self._url = ""
        self._error: BaseException | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tab-endpoint", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._finished: asyncio.Event | None = None

    def start(self) -> str:
        """The URL for ``connect_over_cdp``. Blocks until Chrome is connected; raises EndpointError."""
        self._thread.start()
        if not self._ready.wait(START_TIMEOUT_S + 1):
            raise EndpointError(f"tab endpoint of {self._target_id} did not start within {START_TIMEOUT_S} s")
        if self._error is not None:
            raise EndpointError(
                f"tab endpoint of {self._target_id} cannot reach Chrome: {self._error}"
            ) from self._error
        return self._url

    def close(self) -> None:
        """Close both sides; Chrome lets go of the tab. Safe to call twice, and after a failed start."""
        if self._loop is not None and self._finished is not None:
            try:
                self._loop.call_soon_threadsafe(self._finished.set)
            except RuntimeError:
                pass  # the loop ended on its own, because one side had died
        if self._thread.is_alive():
            self._thread.join(START_TIMEOUT_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except (OSError, WebSocketException, TimeoutError) as error:
            self._error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._finished = asyncio.Event()
        async with (
            connect(
                self._browser_ws_url,
                open_timeout=START_TIMEOUT_S,
                close_timeout=1,
                max_size=None,
                compression=None,
                ping_interval=None,
            ) as chrome,
            serve(
                lambda client: self._client_came(client, chrome),
                "127.0.0.1",
                0,
                process_request=self._admit,
                close_timeout=1,
                max_size=None,
                compression=None,
                ping_interval=None,
            ) as server,
        ):
            self._url = f"ws://127.0.0.1:{_port(server)}{self._path}"
            self._ready.set()
            gone = asyncio.create_task(chrome.wait_closed())
            asked = asyncio.create_task(self._finished.wait())
            await asyncio.wait({gone, asked}, return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            asked.cancel()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if not secrets.compare_digest(request.path.encode(), self._path.encode()):
            return connection.respond(HTTPStatus.NOT_FOUND, "no such endpoint\n")
        # The path is good for one client: the next one finds it changed.
        self._path = f"/{secrets.token_urlsafe(24)}"
        return None

    async def _client_came(self, client: ServerConnection, chrome: ClientConnection) -> None:
        """Relay until either side is gone; then the other is closed at once."""
        relay = _Relay(TabView(self._target_id, self._blocked), client, chrome)
        tasks = [asyncio.create_task(relay.from_client()), asyncio.create_task(relay.from_chrome())]
        reader = self._downloads_dir and PopupDownloadReader(self._downloads_dir, self._target_id)
        tasks.append(asyncio.create_task(relay.watch_popups(reader or None)))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert self._finished is not None
            self._finished.set()
        for task in done:
            error = None if task.cancelled() else task.exception()
            if error is not None and not isinstance(error, ConnectionClosed):
                raise error


class _Relay:
    """The two pumps of one connection and the watch over its pop-ups."""

    def __init__(self, view: TabView, client: ServerConnection, chrome: ClientConnection) -> None:
        self._view = view
        self._client = client
        self._chrome = chrome
        self._popups = asyncio.Event()

    async def from_client(self) -> None:
        while True:
            data = await self._client.recv(decode=False)
            if command_needs_a_look(data):
                await self._pass_on(self._view.client_says(data))
            else:
                await self._chrome.send(data, text=True)

    async def from_chrome(self) -> None:
        while True:
            data = await self._chrome.recv(decode=False)
            if self._view.event_needs_a_look(data):
                await self._pass_on(self._view.chrome_says(data, time.monotonic()))
                if self._view.discovering:
                    self._popups.set()
            else:
                await self._client.send(data, text=True)

    async def watch_popups(self, reader: PopupDownloadReader | None) -> None:
        """End discovery in time and tell of noted downloads. Sleeps until the first pop-up is announced."""
        waiting: dict[str, tuple[PopupDownload, float]] = {}
        while True:
            await self._popups.wait()
            now = time.monotonic()
            await self._pass_on(self._view.tick(now))
            for note in reader.read_new() if reader else ():
                _, since = waiting.get(note.guid, (note, now))
                waiting[note.guid] = note, since
            for note, since in list(waiting.values()):
                told = self._view.downloads.note_says(note, now - since)
                if told is not None:
                    await self._pass_on(told)
                    del waiting[note.guid]
            opened_at = self._view.windows_opened_at
            if not waiting and not self._view.discovering and opened_at and now - opened_at > WATCH_S:
                self._popups.clear()
            await asyncio.sleep(WATCH_EVERY_S)

    async def _pass_on(self, onward: Onward) -> None:
        for data in onward.to_chrome:
            await self._chrome.send(data, text=True)
        for data in onward.to_client:
            await self._client.send(data, text=True)


def _port(server: Server) -> int:
    return int(next(iter(server.sockets)).getsockname()[1])
