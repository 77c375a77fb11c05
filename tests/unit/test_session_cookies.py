"""Cookies of an answer that Chrome did not get itself, as Chrome is told of them; and the Referer."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tabworker.request_headers import is_same_origin, referer_for
from tabworker.session_cookies import parsed

URL = "https://portal.test/reports/1"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "cookie"),
    [
        ("sid=abc", {"name": "sid", "value": "abc"}),
        ("s=a=b; Path=/; HttpOnly; Secure; SameSite=strict",
         {"name": "s", "value": "a=b", "path": "/", "httpOnly": True, "secure": True, "sameSite": "Strict"}),
        ("s=; Max-Age=0; Expires=Fri, 01 Jan 2027 00:00:00 GMT",
         {"name": "s", "value": "", "expires": 1.0}),
        ("a=1; max-age=60", {"name": "a", "value": "1", "expires": NOW.timestamp() + 60}),
        ("a=1; Expires=Fri, 02-Jan-2026 00:00:00 GMT",
         {"name": "a", "value": "1", "expires": NOW.timestamp() + 86400}),
        ("a=1; expires=Thu, 01 Jan 1970 00:00:00 GMT", {"name": "a", "value": "1", "expires": 1.0}),
        ("a=1; Expires=soon; Max-Age=x; Path=x; SameSite=maybe", {"name": "a", "value": "1"}),
        ("a=1; Domain=.Portal.test", {"name": "a", "value": "1", "domain": ".portal.test"}),
        ("lonely", {"name": "", "value": "lonely"}),
    ],
)  # fmt: skip
def test_set_cookie_is_read_as_browsers_read_it_when_it_is_odd(text: str, cookie: dict[str, Any]) -> None:
    assert parsed(text, URL, NOW) == {**cookie, "url": URL}


@pytest.mark.parametrize("text", ["", "=", " ; Path=/"])
def test_set_cookie_sets_nothing_when_it_is_empty(text: str) -> None:
    assert parsed(text, URL, NOW) is None


@pytest.mark.parametrize(
    ("page", "url", "referer"),
    [
        ("about:blank", URL, ""),
        ("https://portal.test/list?q=1#top", URL, "https://portal.test/list?q=1"),
        ("https://me:secret@portal.test/list", URL, "https://portal.test/list"),
        ("https://other.test/list", URL, "https://other.test/"),
        ("https://portal.test/list", "http://portal.test/1", ""),
        ("http://portal.test/list", "https://portal.test/1", "http://portal.test/"),
        ("file:///home/me/list.html", URL, ""),
    ],
)
def test_referer_says_no_more_than_a_browser_when_a_document_is_fetched(
    page: str, url: str, referer: str
) -> None:
    assert referer_for(url, page) == referer


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://PORTAL.test:443/api/1.pdf?q#top", True),
        ("https://me:secret@portal.test/", True),
        ("http://portal.test/", False),
        ("https://portal.test:8443/", False),
        ("https://portal.test.evil.test/", False),
        ("https://portal.test@evil.test/", False),
        ("https://portal.test:port/", False),
        ("about:blank", False),
        ("", False),
    ],
)
def test_origin_is_the_same_only_of_one_scheme_host_and_port(url: str, same: bool) -> None:
    assert is_same_origin(url, "https://portal.test/list") is same
    assert is_same_origin("https://portal.test/list", url) is same
    assert not is_same_origin("about:blank", "about:blank")
