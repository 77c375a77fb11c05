"""A connection to a web server as Chrome would make it: by the system's proxy, trusting what it trusts."""

import base64
import ssl
import urllib.request
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, quote, unquote, urlsplit

from tabworker.web_deadline import Deadline
from tabworker.web_errors import NotConnected, WebRequestFailed

_URL_CHARACTERS = "%/:?#[]@!$&'()*+,;=~|"
"""What stays as it is in an address; Chrome, too, sends a ``%`` that escapes nothing as it stands."""


def connect(address: SplitResult, deadline: Deadline) -> HTTPConnection:
    """A new connection. Raises NotConnected, TooSlow, or WebRequestFailed for what is no web address."""
    if address.scheme not in ("http", "https") or not address.hostname:
        raise WebRequestFailed("it is no address of a web server")
    try:
        connection = _made(address, deadline.left_s)
        connection.connect()
    except (OSError, HTTPException, ValueError) as error:  # ValueError: a host or port that cannot be
        deadline.raise_if_over(error)
        raise NotConnected(first_line(error)) from error
    return connection


def request_target(address: SplitResult) -> tuple[str, dict[str, str]]:
    """What stands in the request's first line, and the headers that a proxy wants."""
    target = quote(address.path or "/", safe=_URL_CHARACTERS)
    if address.query:
        target += f"?{quote(address.query, safe=_URL_CHARACTERS)}"
    proxy = _proxy_of(address)
    if proxy is None or address.scheme == "https":
        return target, {}
    return f"http://{address.netloc}{target}", _proxy_authorization(proxy)


def first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).split("\n", 1)[0][:300]


def _made(address: SplitResult, timeout_s: float) -> HTTPConnection:
    host, proxy = _ascii(address.hostname), _proxy_of(address)
    if address.scheme == "http":
        if proxy is not None:
            return HTTPConnection(_ascii(proxy.hostname), proxy.port or 80, timeout=timeout_s)
        return HTTPConnection(host, address.port or 80, timeout=timeout_s)
    if proxy is None:
        return HTTPSConnection(host, address.port or 443, timeout=timeout_s, context=_tls())
    tunnel = HTTPSConnection(_ascii(proxy.hostname), proxy.port or 80, timeout=timeout_s, context=_tls())
    tunnel.set_tunnel(host, address.port or 443, _proxy_authorization(proxy))
    return tunnel


def _ascii(host: str | None) -> str:
    text = host or ""
    return text if text.isascii() else text.encode("idna").decode("ascii")


@cache
def _tls() -> ssl.SSLContext:
    """Made on first use: reading the system's certificates takes some 20 ms."""
    return ssl.create_default_context()


@cache
def _system_proxies() -> dict[str, str]:
    return urllib.request.getproxies()


def _proxy_of(address: SplitResult) -> SplitResult | None:
    """From the environment, on Windows and macOS from the system. As in Chrome, loopback has none."""
    proxies = _system_proxies()
    text = proxies.get(address.scheme) or proxies.get("all")
    host = address.hostname or ""
    if not text or host == "localhost" or host.endswith(".localhost") or host.startswith("127."):
        return None
    if urllib.request.proxy_bypass(host):
        return None
    proxy = urlsplit(text if "://" in text else f"http://{text}")
    if proxy.scheme != "http":
        raise NotConnected(f"a {proxy.scheme} proxy is beyond Python")
    return proxy


def _proxy_authorization(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
