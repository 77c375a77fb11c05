"""The session's cookies for a request that is not Chrome's: asked of Chrome, and given back to it."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from loguru import logger
from playwright.sync_api import CDPSession
from playwright.sync_api import Error as PlaywrightError

MOST_COOKIES = 50
"""Of one answer. Chrome itself keeps 180 for a site."""

_SAME_SITE = {"lax": "Lax", "strict": "Strict", "none": "None"}

Cookie = dict[str, Any]
"""As ``Network.setCookie`` takes it."""


def cookie_header(session: CDPSession, url: str) -> str:
    """What Chrome would send to ``url``; empty when that is nothing."""
    cookies = session.send("Network.getCookies", {"urls": [url]})["cookies"]
    # A longer path first, as browsers do: some servers take the first of two cookies of one name.
    cookies.sort(key=lambda cookie: -len(cookie["path"]))
    return "; ".join(
        f"{cookie['name']}={cookie['value']}" if cookie["name"] else cookie["value"] for cookie in cookies
    )


def give_back(session: CDPSession, url: str, set_cookies: list[str], now: datetime) -> None:
    """Let Chrome store what an answer from ``url`` set: portals renew their session with each answer.

    Chrome judges them as it judges any other: one of a foreign domain is refused.
    """
    for text in set_cookies[:MOST_COOKIES]:
        cookie = parsed(text, url, now)
        if cookie is None:
            continue
        try:
            session.send("Network.setCookie", cookie)
        except PlaywrightError as error:
            # Its name and value stay out of the log: they are the session.
            logger.bind(event="cookie_refused").debug("Chrome refused a cookie: {}", error.message[:100])


def parsed(text: str, url: str, now: datetime) -> Cookie | None:
    """One ``Set-Cookie`` header, read as browsers read it (RFC 6265, 5.2); None when it sets nothing."""
    pair, *attributes = text.split(";")
    name, has_value, value = pair.partition("=")
    if not has_value:
        name, value = "", pair
    if not name.strip() and not value.strip():
        return None
    cookie: Cookie = {"name": name.strip(), "value": value.strip(), "url": url}
    expires: float | None = None
    max_age: float | None = None
    for attribute in attributes:
        key, _, argument = attribute.partition("=")
        argument = argument.strip()
        match key.strip().lower():
            case "domain" if argument:
                cookie["domain"] = argument.lower()
            case "path" if argument.startswith("/"):
                cookie["path"] = argument
            case "secure":
                cookie["secure"] = True
            case "httponly":
                cookie["httpOnly"] = True
            case "samesite" if argument.lower() in _SAME_SITE:
                cookie["sameSite"] = _SAME_SITE[argument.lower()]
            case "max-age" if re.fullmatch(r"-?\d{1,15}", argument):
                max_age = now.timestamp() + int(argument) if int(argument) > 0 else _LONG_AGO
            case "expires":
                expires = _instant(argument)
    ends = expires if max_age is None else max_age
    if ends is not None:
        cookie["expires"] = ends
    return cookie


_LONG_AGO = 1.0
"""Seconds since 1970: a cookie that ended then is deleted."""


def _instant(text: str) -> float | None:
    try:
        at = parsedate_to_datetime(text.replace("-", " "))
    except ValueError:
        return None
    return max(_LONG_AGO, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
