"""What Chrome would say in a request of where it comes from, and to whom it may say more. Pure."""

from urllib.parse import urlsplit


def referer_for(url: str, page_url: str) -> str:
    """The Referer of a request for ``url``, by browsers' default policy (strict-origin-when-cross-origin).

    Empty when there is none: the page is blank or a file, or it is a secure one and the request is not.
    """
    page, target = urlsplit(page_url), urlsplit(url)
    if page.scheme not in ("http", "https") or (page.scheme == "https" and target.scheme == "http"):
        return ""
    host = page.netloc.rpartition("@")[2]
    if (page.scheme, host) != (target.scheme, target.netloc.rpartition("@")[2]):
        return f"{page.scheme}://{host}/"
    return page._replace(netloc=host, fragment="").geturl()


def is_same_origin(url: str, other: str) -> bool:
    """Whether both are of one scheme, host and port: what is a secret of the one may be sent to the other."""
    mine = _origin(url)
    return mine is not None and mine == _origin(other)


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        address = urlsplit(url)
        port = address.port or {"http": 80, "https": 443}[address.scheme]
    except (ValueError, KeyError):
        return None  # a blank page, a file, or no address at all
    return (address.scheme, address.hostname, port) if address.hostname else None
