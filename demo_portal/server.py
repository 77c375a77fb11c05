"""Runs a portal until a signal ends it: at once, even while requests hang."""

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn

from demo_portal.app import create_app
from demo_portal.config import PortalConfig


def serve(
    config: PortalConfig, host: str = "127.0.0.1", port: int = 0, *, on_listening: Callable[[str], None]
) -> None:
    """Serve until SIGTERM or SIGINT; call ``on_listening`` with the base URL once connections are taken.

    Blocks. In a thread other than the main one no signal can be caught: run it in a process of its own then.
    Raises OSError when the port is taken.
    """
    with socket.create_server((host, port), backlog=256) as listener:
        bound_port = listener.getsockname()[1]
        server = _Server(_server_config(config), lambda: on_listening(f"http://{host}:{bound_port}"))
        server.run(sockets=[listener])


def _server_config(config: PortalConfig) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(config),
        http="h11",
        loop="asyncio",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        log_level="critical",  # a client that leaves is no news; requests are cut off at the end on purpose
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=0,  # hanging requests would hold the end up
    )


class _Server(uvicorn.Server):
    """uvicorn's server with a call when it listens and with a clean end on a signal."""

    def __init__(self, config: uvicorn.Config, on_listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_listening = on_listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_listening()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Unlike uvicorn's own, does not raise the signal once more after everything was shut down."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def ask_to_end(_signal: int, _frame: FrameType | None) -> None:
            self.should_exit = True

        before = {number: signal.signal(number, ask_to_end) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
