"""Finds a Chrome that runs already, by the address of its debugging port. Starts and ends nothing."""

import http.client
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from chrome_launcher.errors import ChromeNotAttached


@dataclass(frozen=True)
class RunningChrome:
    """Somebody else's Chrome. ``ws_url`` names this very process: no later Chrome answers to it."""

    ws_url: str
    http_url: str
    product: str


def find_running(address: str, timeout_s: float = 5.0) -> RunningChrome:
    """Ask who listens at ``address`` (http://127.0.0.1:9222). Raises ChromeNotAttached."""
    where = urlsplit(address)
    # http.client and not urllib: no proxy of the environment may come between us and this machine.
    connection = http.client.HTTPConnection(where.netloc, timeout=timeout_s)
    try:
        connection.request("GET", "/json/version")
        told = json.loads(connection.getresponse().read())
        path = urlsplit(told["webSocketDebuggerUrl"]).path
        product = str(told["Browser"])
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError) as error:
        raise ChromeNotAttached(
            f"no Chrome can be attached to at [chrome] attach = {address}: {error or type(error).__name__}. "
            f"Start one with --remote-debugging-port={where.port} and a --user-data-dir of its own (Chrome "
            "opens no port on its default one), sign in there, and run the same command again."
        ) from error
    finally:
        connection.close()
    return RunningChrome(f"ws://{where.netloc}{path}", address.rstrip("/"), product)
