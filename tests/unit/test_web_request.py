"""One GET over HTTP: whole or refused, in time whatever trickles in, over a connection that is kept."""

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from tabworker import web_connection
from tabworker.web_errors import NotConnected, TooSlow, WebRequestFailed
from tabworker.web_request import PIECE_BYTES, WebClient
from tests.support.eventually import eventually
from tests.support.raw_site import HangUp, answer, raw_site


@pytest.fixture
def client() -> Iterator[WebClient]:
    with closing(WebClient()) as client:
        yield client


def body_of(client: WebClient, url: str, within_s: float = 5.0) -> bytes:
    with client.get(url, {}, within_s) as got:
        return b"".join(got.pieces())


def test_get_keeps_its_connection_when_answers_are_read_to_their_end(client: WebClient) -> None:
    def talk(connection: socket.socket, request: str) -> None:
        if "/moved" in request:
            connection.sendall(answer(b"elsewhere", "Location: /x", status="302 Found"))
        elif "/chunked" in request:
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
            )
        else:
            connection.sendall(answer(b"whole"))

    with raw_site(talk) as (url, requests):
        with client.get(f"{url}/moved", {}, 5.0) as moved:  # its body is left unread
            assert (moved.status, moved.headers["location"]) == (302, "/x")
        assert [body_of(client, f"{url}/{path}") for path in ("chunked", "x", "x")] == [
            b"abcde",
            b"whole",
            b"whole",
        ]
        assert requests == [4]


def test_get_asks_again_when_the_server_closed_the_idle_connection(client: WebClient) -> None:
    turns = iter(range(9))

    def talk(connection: socket.socket, _: str) -> None:
        if next(turns) == 1:
            raise HangUp
        connection.sendall(answer(b"whole"))

    with raw_site(talk) as (url, requests):
        assert [body_of(client, url), body_of(client, url)] == [b"whole", b"whole"]
        assert requests == [2, 1]


def test_get_asks_once_when_a_new_connection_is_closed_without_an_answer(client: WebClient) -> None:
    def talk(_: socket.socket, __: str) -> None:
        raise HangUp

    with raw_site(talk) as (url, requests):
        with pytest.raises(WebRequestFailed):
            body_of(client, url)
        assert requests == [1]


@pytest.mark.parametrize(
    "said",
    [
        answer(b"half", length=9),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
        answer(gzip.compress(b"half" * 999)[:30], "Content-Encoding: gzip", length=99),
        answer(b"not gzip", "Content-Encoding: gzip"),
        answer(b"?", "Content-Encoding: br"),
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200,
    ],
    ids=["cut", "cut in a chunk", "cut while packed", "wrongly packed", "packed oddly", "no web", "headers"],
)
def test_get_fails_when_the_answer_is_not_whole(client: WebClient, said: bytes) -> None:
    def talk(connection: socket.socket, _: str) -> None:
        connection.sendall(said)
        raise HangUp

    with raw_site(talk) as (url, _), pytest.raises(WebRequestFailed):
        body_of(client, url)


def test_get_unfolds_a_packed_body_a_piece_at_a_time_when_the_portal_packs_unasked(client: WebClient) -> None:
    plain = bytes(20 * PIECE_BYTES)

    def talk(connection: socket.socket, request: str) -> None:
        assert "Accept-Encoding: identity" in request
        connection.sendall(answer(gzip.compress(plain), "Content-Encoding: gzip"))

    with raw_site(talk) as (url, _), client.get(url, {}, 5.0) as got:
        sizes = [len(piece) for piece in got.pieces()]
    assert sum(sizes) == len(plain)
    assert max(sizes) <= PIECE_BYTES


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"], ids=["head", "body"]
)
def test_get_gives_up_in_time_when_bytes_only_trickle(client: WebClient, head: bytes) -> None:
    def talk(connection: socket.socket, _: str) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(b"H")
            time.sleep(0.05)

    with raw_site(talk) as (url, _):
        began_at = time.monotonic()
        with pytest.raises(TooSlow, match="within 0"):
            body_of(client, url, within_s=0.4)
        assert time.monotonic() - began_at < 1.5


def test_get_goes_on_when_its_time_is_renewed(client: WebClient) -> None:
    def talk(connection: socket.socket, _: str) -> None:
        connection.sendall(answer(b"", length=8))
        for _turn in range(8):
            time.sleep(0.1)
            connection.sendall(b"x")

    with raw_site(talk) as (url, _), client.get(url, {}, 0.4) as got:
        body = b""
        for piece in got.pieces():
            body += piece
            got.go_on(0.4)
    assert body == b"x" * 8


def test_get_is_not_connected_when_nobody_listens_or_no_tls_comes_about(
    client: WebClient,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with pytest.raises(NotConnected):
        client.get(f"http://127.0.0.1:{port}/", {}, 2.0)

    def talk(_: socket.socket, __: str) -> None:
        raise HangUp

    with raw_site(talk) as (url, _), pytest.raises(NotConnected):
        client.get(url.replace("http:", "https:"), {}, 2.0)


def test_get_is_refused_when_the_address_is_not_of_the_web(client: WebClient) -> None:
    for url in ("blob:http://127.0.0.1/1", "file:///etc/passwd", "about:blank", "http:///x"):
        with pytest.raises(WebRequestFailed, match="no address"):
            client.get(url, {}, 2.0)


def test_get_goes_through_the_proxy_when_the_system_names_one(
    client: WebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def talk(connection: socket.socket, request: str) -> None:
        asked.append(request)
        if request.startswith("CONNECT"):
            connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            raise HangUp
        connection.sendall(answer(b"by proxy"))

    with raw_site(talk) as (url, _):
        proxy = url.replace("://", "://me:p%40ss@")
        monkeypatch.setattr(web_connection, "_system_proxies", lambda: {"http": proxy, "https": proxy})
        assert body_of(client, "http://portal.test/ä b?q=ü") == b"by proxy"
        with pytest.raises(NotConnected, match="407"):
            client.get("https://portal.test/", {}, 2.0)
    assert asked[0].startswith("GET http://portal.test/%C3%A4%20b?q=%C3%BC HTTP/1.1\r\nHost: portal.test\r\n")
    assert "Proxy-Authorization: Basic bWU6cEBzcw==" in asked[0]
    assert "Proxy-Authorization: Basic bWU6cEBzcw==" in asked[1]


def timers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]


def test_get_leaves_no_thread_behind_when_it_is_over(client: WebClient) -> None:
    def talk(connection: socket.socket, _: str) -> None:
        connection.sendall(answer(b"whole"))

    with raw_site(talk) as (url, _):
        body_of(client, url, within_s=600)
        eventually(lambda: not timers(), within_s=1.0, what="its deadline is called off")
