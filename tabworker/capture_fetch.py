"""Captures a document by a request of the session, without the page: cookies, redirects, no rendering.

The body goes from the socket to the disk piece by piece (web_request). Where our own client cannot connect
but Chrome may (a certificate that Chrome alone trusts or has, a proxy chosen by script), Chrome fetches it
itself (capture_navigate), which costs more.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin, urlsplit

from loguru import logger

from tabworker.body_flow import BodyFlow
from tabworker.capture_navigate import navigate_for_document
from tabworker.captured import Captured, content_length
from tabworker.failures import Transient
from tabworker.http_status import failure_of_status
from tabworker.request_headers import is_same_origin, referer_for
from tabworker.session_cookies import cookie_header, give_back
from tabworker.web_errors import NotConnected, TooSlow, WebRequestFailed
from tabworker.web_request import WebAnswer, WebClient

if TYPE_CHECKING:
    from tabworker.tab import Tab

MOST_REDIRECTS = 20

_REDIRECTS = (301, 302, 303, 307, 308)


class Fetcher:
    """Made once for a tab: it keeps connections, and Chrome's answers that do not change."""

    def __init__(self, tab: "Tab") -> None:
        self._tab = tab
        self._client = WebClient()
        self._session = tab.page.context.new_cdp_session(tab.page)
        self._user_agent = str(self._session.send("Browser.getVersion")["userAgent"])
        self._chromes_origins: set[str] = set()

    def fetch(self, url: str, authorization: str = "") -> Captured:
        """Write the body of ``url`` to ``tab.destination``; raises the failure that its status means.

        ``authorization``: what the header of that name says to the origin of ``url``, and to no other.
        """
        full_url = urldefrag(urljoin(self._tab.page.url, url)).url
        try:
            return self._follow(full_url, authorization)
        except TooSlow as error:
            raise Transient(f"the portal did not answer {full_url} {error}") from error
        except WebRequestFailed as error:
            raise Transient(f"the request of {full_url} failed: {error}") from error

    def close(self) -> None:
        self._client.close()

    def _follow(self, url: str, authorization: str) -> Captured:
        came_from = self._tab.page.url
        for _ in range(MOST_REDIRECTS + 1):
            if _origin(url) in self._chromes_origins and not authorization:
                return navigate_for_document(self._tab, url, referer_for(url, came_from))
            headers = self._headers(url, came_from, authorization)
            try:
                answer = self._client.get(url, headers, self._tab.remaining_s)
            except NotConnected as error:
                if authorization:
                    raise _no_way_for_header(url, error) from error
                return self._let_chrome_try(url, came_from, error)
            with answer:
                give_back(self._session, url, answer.set_cookies, datetime.now(UTC))
                leads_to = _redirect(answer, url)
                if leads_to is None:
                    return self._keep(answer, url)
            if not is_same_origin(leads_to, url):
                authorization = ""  # not given again when it leads back, either: so browsers do it
            url = leads_to
        raise Transient(f"the portal redirected {MOST_REDIRECTS} times, at last to {url}: a circle")

    def _let_chrome_try(self, url: str, came_from: str, error: NotConnected) -> Captured:
        """Nothing is asked for twice by this: without a connection the portal saw no request."""
        captured = navigate_for_document(self._tab, url, referer_for(url, came_from))
        self._chromes_origins.add(_origin(url))
        logger.bind(event="fetch_by_chrome").warning(
            "Python cannot connect to {} ({}), Chrome can: it fetches from there itself, at a higher cost",
            _origin(url),
            error,
        )
        return captured

    def _headers(self, url: str, came_from: str, authorization: str) -> dict[str, str]:
        cookies = cookie_header(self._session, url)
        referer = referer_for(url, came_from)
        return {
            "Accept": "application/pdf,*/*;q=0.8",
            "User-Agent": self._user_agent,
            **({"Referer": referer} if referer else {}),
            **({"Cookie": cookies} if cookies else {}),
            **({"Authorization": authorization} if authorization else {}),
        }

    def _keep(self, answer: WebAnswer, url: str) -> Captured:
        headers, tab = answer.headers, self._tab
        failure = failure_of_status(answer.status, url, headers.get("retry-after"), datetime.now(UTC))
        if failure is not None:
            raise failure
        flow = BodyFlow(tab)
        try:
            with tab.destination.open("wb") as file:
                for piece in answer.pieces():
                    file.write(piece)
                    if flow.goes_on(file.tell()):
                        answer.go_on(tab.remaining_s)
        except BaseException:
            tab.destination.unlink(missing_ok=True)
            raise
        return Captured(
            tab.destination, url, answer.status, headers.get("content-type"), content_length(headers)
        )


def _no_way_for_header(url: str, error: NotConnected) -> Transient:
    """A page can be told to send a header only with all that it asks for, of every host."""
    return Transient(
        f"Python cannot connect to {_origin(url)} ({error}), and Chrome's own request cannot bear the header "
        "Authorization. If that stays so, click for the document instead of fetching it"
    )


def _redirect(answer: WebAnswer, url: str) -> str | None:
    """The address to which an answer leads; None when it is an answer by itself."""
    location = answer.headers.get("location")
    if answer.status not in _REDIRECTS or not location:
        return None
    # Headers are read as Latin-1; servers that put a name with accents there mean UTF-8.
    location = location.encode("latin-1", "replace").decode("utf-8", "replace")
    return urldefrag(urljoin(url, location)).url


def _origin(url: str) -> str:
    address = urlsplit(url)
    return f"{address.scheme}://{address.netloc}"
