"""A browser without a browser: one visitor of the demo portal with a cookie jar, who follows no redirect."""

import http.client
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from tests.support.portal import PASSWORD, USERNAME


@dataclass(frozen=True)
class Answer:
    """A whole answer of the portal."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def location(self) -> str:
        return self.headers.get("location", "")


class PortalClient:
    """Raises TimeoutError when an answer takes longer than ``timeout_s``."""

    def __init__(self, url: str, timeout_s: float = 10) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 0
        self._timeout_s = timeout_s
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None)

    def post(self, path: str, /, **fields: str) -> Answer:
        return self._ask("POST", path, urlencode(fields))

    def send_form(self, page: str, action: str, /, **fields: str) -> Answer:
        """Post to ``action`` with the form token that stands on ``page``."""
        found = re.search(r'name="csrf_token" value="(\w+)"', self.get(page).text)
        return self.post(action, csrf_token=found[1] if found else "", **fields)

    def sign_in(self, password: str = PASSWORD) -> Answer:
        """The sign-in form alone: the answer leads to the licence, the conflict page or back."""
        return self.send_form("/login", "/login", username=USERNAME, password=password)

    def enter(self) -> None:
        """Sign in and accept the licence; fails when that does not lead to the inventory."""
        assert self.sign_in().location == "/licence"
        assert self.send_form("/licence", "/licence", accept="yes").location == "/inventory"

    def get_report(self, ref: str) -> Answer:
        return self.get(f"/records/{quote(ref, safe='')}/report.pdf")

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            for cookie in response.headers.get_all("set-cookie", []):
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            answered = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, answered, response.read())
        finally:
            connection.close()
