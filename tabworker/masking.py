"""Takes out of a text what must not be written down: secrets by value, and by how they look or are called.

By value: the password, and the cookies of the session, in every spelling that a page or an address may give
them. By name: what an address, a header or a cookie calls a token, a session or a key. By look: signed tokens
(JWT), which no cookie need hold, and the session that ASP.NET puts into a path.
"""

import html
import json
import re
from collections.abc import Collection, Iterable
from urllib.parse import quote, quote_plus, unquote

MASK = "***"

_LEAST_LETTERS = 4
_LEAST_LETTERS_OF_A_COOKIE = 8
"""Cookies of fewer letters ("en", "1", "dark") are no secrets, and to mask them would spoil the text."""

_NAME = (
    r"pass|csrf|xsrf|token|nonce|secret|auth(?!or)|sess(?!ment)|signature|saml|api_?key"
    r"|(?<![a-z])(?:sid|key|t?otp)(?![a-z])"
)
"""What addresses call a secret; ``side``, ``author`` and ``assessment`` are none."""

_IN_ADDRESS = re.compile(
    rf"([?&;#](?:amp;)?(?=[^=&#;\s\"'<>]*(?:{_NAME}))[^=&#;\s\"'<>]+=)[^?&#;\s\"'<>]+", re.IGNORECASE
)
_IN_HEADER = re.compile(
    r"\b((?:set-)?cookie:\s*|(?:proxy-)?authorization:\s*(?:\w+\s+)?|bearer\s+)[^\r\n\"'<>]+", re.IGNORECASE
)
_TOKEN = re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")
_IN_PATH = re.compile(r"(/\(\w\()[a-z0-9]{16,}(\)\))", re.IGNORECASE)


def masked(text: str, secrets: Collection[str] = ()) -> str:
    """``text`` without ``secrets`` and what looks or is called like one."""
    spellings = {spelling for secret in secrets for spelling in _spellings(secret)}
    for spelling in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelling, MASK)
    text = _IN_ADDRESS.sub(rf"\1{MASK}", text)
    text = _IN_HEADER.sub(rf"\1{MASK}", text)
    return _IN_PATH.sub(rf"\1{MASK}\2", _TOKEN.sub(MASK, text))


def secret_cookies(values: Iterable[str]) -> set[str]:
    """Those of a page's cookies that may be a session."""
    return {value for value in values if len(value) >= _LEAST_LETTERS_OF_A_COOKIE}


def _spellings(secret: str) -> set[str]:
    """How pages, addresses and messages may write it; too short ones are left out."""
    plain = {secret, unquote(secret), html.unescape(secret), secret.strip('"')}
    every = set(plain)
    for value in plain:
        # A page's own HTML escapes less in a text than in an attribute.
        every |= {html.escape(value), html.escape(value, quote=False), value.replace("&", "&amp;")}
        every |= {html.escape(value, quote=False).replace('"', "&quot;")}
        every |= {
            quote(value, safe=""),
            quote(value),
            quote_plus(value),
            quote(value, safe="/:?@!$'()*+,;=~"),
        }
        every |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
    return {spelling for spelling in every if len(spelling) >= _LEAST_LETTERS}
