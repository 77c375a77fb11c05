"""How a request of ours can fail before there is a status.

WebRequestFailed       there is no answer, or it ends too early
├── NotConnected       no connection came about: the portal saw nothing of the request
└── TooSlow            the deadline passed
"""


class WebRequestFailed(Exception):
    """``str()``: what happened, without the address."""


class NotConnected(WebRequestFailed):
    """Chrome may have a way that we have not."""


class TooSlow(WebRequestFailed):
    """``str()``: the limit."""
