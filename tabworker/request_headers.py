"""What Chrome would say of the page that a request comes from. Pure."""

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
