"""Records an attempt for Playwright's trace viewer; kept only when it failed, and without secrets.

Playwright records by context; behind the tab endpoint its context is this tab and its pop-ups alone. Each
attempt is a recording of its own (no chunks of one long recording: those repeat the network of all that came
before, the sign-in included), and a sign-in is never recorded.
"""

import json
import re
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from loguru import logger
from playwright.sync_api import BrowserContext
from playwright.sync_api import Error as PlaywrightError

from tabworker.masking import MASK, masked, secret_cookies

_SECRET_NAME = re.compile(
    r"pass|csrf|xsrf|token|nonce|secret|auth|session|sid$|otp|api.?key|cookie", re.IGNORECASE
)
_VALUES_OF_A_NAME = ("value", "content", "__playwright_value_")
_LINES_OF_JSON = (".trace", ".network", ".stacks")
_PICTURES = (".jpeg", ".jpg", ".png", ".webp", ".gif", ".pdf", ".woff", ".woff2")


class Trace:
    """The recordings of one tab, one at a time. ``scratch``: where a recording lies before it is masked."""

    def __init__(self, context: BrowserContext, scratch: Path) -> None:
        self._tracing = context.tracing
        self._scratch = scratch
        self._runs = False

    def begin(self, title: str) -> None:
        self.discard()
        self._tracing.start(title=title, screenshots=True, snapshots=True)
        self._runs = True

    def discard(self) -> None:
        """End the recording, if there is one, and keep nothing of it."""
        if self._runs:
            self._runs = False
            self._tracing.stop()

    def end(self) -> bool:
        """End the recording; ``keep`` may follow. False when there is none, or it could not be ended.

        To be called before anything else is asked of a page that may spin: while a recording runs, Playwright
        takes a picture of the page at every action, and waits seconds for it.
        """
        if not self._runs:
            return False
        self._runs = False
        try:
            self._tracing.stop(path=self._scratch)
        except PlaywrightError as error:
            logger.bind(event="trace_not_kept").warning("no trace: {}", error.message.split("\n", 1)[0])
            return False
        return True

    def keep(self, path: Path, secrets: Collection[str]) -> None:
        """Write the ended recording to ``path``, without ``secrets`` and what bears a secret's name."""
        try:
            write_masked(self._scratch, path, secrets)
        finally:
            self._scratch.unlink(missing_ok=True)


def write_masked(recording: Path, path: Path, secrets: Collection[str]) -> None:
    """Copy a trace, masking cookies, Authorization and the like, and every value they had, wherever it is."""
    with zipfile.ZipFile(recording) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        every = {*secrets, *_secrets_of_network(source)}
        for name in source.namelist():
            data = source.read(name)
            if name.endswith(_LINES_OF_JSON):
                data = _masked_lines(data, every)
            elif not name.endswith(_PICTURES):
                # One byte is one letter in Latin-1, so whatever it is comes out as it went in.
                data = masked(data.decode("latin-1"), every).encode("latin-1")
            target.writestr(name, data)


def _masked_lines(data: bytes, secrets: Collection[str]) -> bytes:
    lines = (json.loads(line) for line in data.splitlines() if line.strip())
    return b"".join(json.dumps(_without_secrets(line, secrets)).encode() + b"\n" for line in lines)


def _without_secrets(node: Any, secrets: Collection[str]) -> Any:
    """Headers, cookies, query parameters and form fields are all objects with a name and a value."""
    match node:
        case str():
            return masked(node, secrets)
        case list():
            return [_without_secrets(one, secrets) for one in node]
        case dict():
            is_secret = _is_secret(node)
            return {
                key: MASK
                if is_secret and key in _VALUES_OF_A_NAME
                else [{**cookie, "value": MASK} for cookie in value]
                if key == "cookies" and isinstance(value, list)
                else _without_secrets(value, secrets)
                for key, value in node.items()
            }
        case _:
            return node


def _is_secret(node: dict[str, Any]) -> bool:
    name, kind = node.get("name"), node.get("type")
    return kind == "password" or (isinstance(name, str) and _SECRET_NAME.search(name) is not None)


def _secrets_of_network(trace: zipfile.ZipFile) -> Iterator[str]:
    """The values of cookies and of what is sent to authorise, to be found again elsewhere in the trace."""
    for name in trace.namelist():
        if not name.endswith(".network"):
            continue
        for line in trace.read(name).splitlines():
            snapshot = json.loads(line).get("snapshot", {})
            for side in (snapshot.get("request", {}), snapshot.get("response", {})):
                yield from secret_cookies(cookie.get("value", "") for cookie in side.get("cookies", ()))
                for header in side.get("headers", ()):
                    if header.get("name", "").lower() == "authorization":
                        yield header["value"].rpartition(" ")[2]
