"""One GET over HTTP, its body left to be read piece by piece over a connection that is kept.

Python's own client, because a document must go from the socket to the disk without ever being in memory as a
whole. What else was measured, in ms of CPU for a document of 60 KB, ours being 4.7: the Playwright driver's
client, which holds a body three times over, 10.4; Chrome's ``Network.loadNetworkResource``, which holds it in
Chrome, tells of no redirect and refuses on a blank page, 17.7; a navigation that Chrome turns into a
download, which is what is left where Python cannot connect, 62.
"""

import http.client
import socket
import ssl
import zlib
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse
from types import TracebackType
from typing import Self
from urllib.parse import SplitResult, urlsplit

from tabworker.web_connection import connect, first_line, request_target
from tabworker.web_deadline import Deadline
from tabworker.web_errors import NotConnected, WebRequestFailed

PIECE_BYTES = 256 * 1024

_MOST_DRAINED_BYTES = 64 * 1024
_DRAINED_WITHIN_S = 0.5


class WebClient:
    """Keeps one connection for each origin. Not for use by two threads at once."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], HTTPConnection] = {}

    def close(self) -> None:
        """Close what is kept. A worker that is killed need not."""
        while self._kept:
            self._kept.popitem()[1].close()

    def get(self, url: str, headers: Mapping[str, str], within_s: float) -> "WebAnswer":
        """The head of the answer, redirects not followed; a context manager. Raises WebRequestFailed."""
        address = urlsplit(url)
        deadline = Deadline(within_s)
        try:
            answer = self._ask_on_kept(address, headers, deadline)
            return answer or self._ask(connect(address, deadline), address, headers, deadline)
        except (OSError, HTTPException) as error:
            deadline.raise_if_over(error)
            # With TLS 1.3 a server misses a client's certificate only after the handshake.
            failed = NotConnected if isinstance(error, ssl.SSLError) else WebRequestFailed
            raise failed(first_line(error)) from error

    def _ask_on_kept(
        self, address: SplitResult, headers: Mapping[str, str], deadline: Deadline
    ) -> "WebAnswer | None":
        """None without a kept connection, or when the server had closed it: browsers, too, ask again then."""
        kept = self._kept.pop(_origin(address), None)
        if kept is None:
            return None
        try:
            return self._ask(kept, address, headers, deadline)
        except (http.client.RemoteDisconnected, ConnectionError) as error:
            deadline.raise_if_over(error)  # we hung up: the request is with the portal
            return None

    def _ask(
        self, connection: HTTPConnection, address: SplitResult, headers: Mapping[str, str], deadline: Deadline
    ) -> "WebAnswer":
        target, more = request_target(address)
        sock = connection.sock  # http.client lets go of it when the server is about to close
        # Uncompressed, so that the announced length is the document's; a PDF is compressed in itself.
        every = {"Accept-Encoding": "identity", **headers, **more}
        try:
            with deadline.over(sock):
                connection.request("GET", target, headers={key: text.encode() for key, text in every.items()})
                response = connection.getresponse()
        except BaseException:
            connection.close()
            raise

        def done(reusable: bool) -> None:
            if reusable:
                self._kept[_origin(address)] = connection
            else:
                connection.close()

        return WebAnswer(response, sock, deadline, done)


class WebAnswer:
    """``status`` and ``headers`` (names in lower case, repeated ones joined) are there, the body not yet."""

    def __init__(
        self,
        response: HTTPResponse,
        sock: socket.socket,
        deadline: Deadline,
        done: Callable[[bool], None],
    ) -> None:
        self._response = response
        self._sock = sock
        self._deadline = deadline
        self._done = done
        self.status = response.status
        self.headers: dict[str, str] = {}
        for name, value in response.getheaders():
            key = name.lower()
            self.headers[key] = f"{self.headers[key]}, {value}" if key in self.headers else value
        self.set_cookies: list[str] = response.headers.get_all("Set-Cookie") or []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done(error is None and self._is_read_to_its_end())
        self._response.close()

    def pieces(self) -> Iterator[bytes]:
        """The body, decompressed, a few hundred KB at a time. Raises WebRequestFailed, also when it is cut
        off.
        """
        decoder = _decoder(self.headers.get("content-encoding", ""))
        while piece := self._next_piece():
            if decoder is None:
                yield piece
            else:
                yield from _decoded(decoder, piece)

    def go_on(self, within_s: float) -> None:
        """Grant the rest of the body this much time from now on."""
        self._deadline.renew(within_s)

    def _next_piece(self) -> bytes:
        response = self._response
        self._deadline.raise_if_over()
        self._sock.settimeout(self._deadline.left_s)
        try:
            piece = response.read1(PIECE_BYTES)
        except (OSError, HTTPException) as error:
            self._deadline.raise_if_over(error)
            raise WebRequestFailed(first_line(error)) from error
        if not piece and response.length:
            raise WebRequestFailed(f"the connection ended {response.length} bytes before the answer did")
        return piece

    def _is_read_to_its_end(self) -> bool:
        """So that the next request finds its own answer on this connection; a short rest is read here."""
        response = self._response
        if response.will_close:
            return False
        if not response.isclosed() and (response.length is None or response.length <= _MOST_DRAINED_BYTES):
            try:
                self._sock.settimeout(min(self._deadline.left_s, _DRAINED_WITHIN_S))
                response.read(_MOST_DRAINED_BYTES)
            except (OSError, HTTPException):
                return False
        return response.isclosed()


def _origin(address: SplitResult) -> tuple[str, str]:
    return address.scheme, address.netloc


def _decoder(encoding: str) -> "zlib._Decompress | None":
    """For a portal that compresses though we ask it not to."""
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip" | "deflate":
            return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
        case other:
            raise WebRequestFailed(f"its body is compressed with {other[:40]!r}, which was not asked for")


def _decoded(decoder: "zlib._Decompress", piece: bytes) -> Iterator[bytes]:
    """A few bytes may unfold into gigabytes: never more than a piece at a time."""
    try:
        while piece:
            unfolded = decoder.decompress(piece, PIECE_BYTES)
            if unfolded:
                yield unfolded
            piece = decoder.unconsumed_tail
    except zlib.error as error:
        raise WebRequestFailed(f"its body does not decompress: {error}") from error
