"""A web server that says exactly what it is told to, also what no honest server says."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Talk = Callable[[socket.socket, str], None]
"""Gets a connection on which a whole request (the text) has just arrived; ends the connection by raising."""


class HangUp(Exception):
    """Raise it to close the connection."""


@contextmanager
def raw_site(talk: Talk) -> Iterator[tuple[str, list[int]]]:
    """Yield its address, and the number of requests on each connection so far."""
    listener = socket.create_server(("127.0.0.1", 0))
    requests: list[int] = []

    def serve(connection: socket.socket, number: int) -> None:
        with connection:
            try:
                while request := _read_request(connection):
                    requests[number] += 1
                    talk(connection, request)
            except (HangUp, OSError):
                pass

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            requests.append(0)
            threading.Thread(target=serve, args=(connection, len(requests) - 1), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", requests
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def answer(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """The bytes of a whole answer; ``length``: announce another one than the body's."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _read_request(connection: socket.socket) -> str:
    text = b""
    while not text.endswith(b"\r\n\r\n"):
        piece = connection.recv(65536)
        if not piece or piece.startswith(b"\x16"):  # the end, or the beginning of TLS
            return ""
        text += piece
    return text.decode()
