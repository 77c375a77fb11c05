"""Who is signed in: one account, at most one active session. Time is a parameter; nothing here waits."""

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

_V = TypeVar("_V")

REFUSALS_BEFORE_LOCK = 5

_REMEMBERED = 1000
"""Ended sessions and waiting sign-ins that are kept, so that a flood of requests cannot fill the memory."""


class Ended(StrEnum):
    """Why a session is over; the first two are told to its user by the sign-in page."""

    ELSEWHERE = "elsewhere"
    EXPIRED = "expired"
    SIGNED_OUT = "signed_out"


class PasswordCheck(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    LOCKED = "locked"


@dataclass
class Session:
    """One sign-in. ``began_at``: the caller's monotonic clock. ``only_active``: the saved filter is on."""

    token: str
    account: str
    began_at: float
    licence_accepted: bool = False
    only_active: bool = True


class Sessions:
    """The account, its one session and the memory of those that ended.

    ``on_end`` is told of every session that ends, by whatever way.
    """

    def __init__(
        self, username: str, password: str, ttl_s: float, on_end: Callable[[Session, Ended], None]
    ) -> None:
        self._username = username
        self._password = password
        self._ttl_s = ttl_s
        self._on_end = on_end
        self._refusals = 0
        self._active: Session | None = None
        self._ended: OrderedDict[str, Ended] = OrderedDict()
        self._waiting: OrderedDict[str, None] = OrderedDict()

    def check_password(self, username: str, password: str) -> PasswordCheck:
        """Five refusals in a row lock the account for as long as the portal runs."""
        if not hmac.compare_digest(username.encode(), self._username.encode()):
            return PasswordCheck.REFUSED
        if self._refusals >= REFUSALS_BEFORE_LOCK:
            return PasswordCheck.LOCKED
        if hmac.compare_digest(password.encode(), self._password.encode()):
            self._refusals = 0
            return PasswordCheck.ACCEPTED
        self._refusals += 1
        return PasswordCheck.LOCKED if self._refusals >= REFUSALS_BEFORE_LOCK else PasswordCheck.REFUSED

    def active(self, now: float) -> Session | None:
        session = self._active
        if session is not None and self._ttl_s and now - session.began_at >= self._ttl_s:
            self.end(session, Ended.EXPIRED)
        return self._active

    def find(self, token: str, now: float) -> Session | Ended | None:
        """The session of this token, or why it is over, or None for a token that was never given out."""
        session = self.active(now)
        if session is not None and hmac.compare_digest(session.token.encode(), token.encode()):
            return session
        return self._ended.get(token)

    def open(self, now: float) -> Session:
        """A new session; one that is still active is thrown out by it."""
        if self._active is not None:
            self.end(self._active, Ended.ELSEWHERE)
        self._active = Session(token=secrets.token_urlsafe(32), account=self._username, began_at=now)
        return self._active

    def end(self, session: Session, why: Ended) -> None:
        """A session that is over already stays over for its first reason."""
        if self._active is session:
            self._active = None
            _remember(self._ended, session.token, why)
            self._on_end(session, why)

    def wait_for_decision(self, visitor: str) -> None:
        """Remember that this visitor gave the right password and must decide about the other session."""
        _remember(self._waiting, visitor, None)

    def is_waiting(self, visitor: str) -> bool:
        return visitor in self._waiting

    def stop_waiting(self, visitor: str) -> bool:
        """Forget the visitor; True when he was waiting, so that one right password opens one session."""
        if visitor not in self._waiting:
            return False
        del self._waiting[visitor]
        return True


def _remember(memory: OrderedDict[str, _V], key: str, value: _V) -> None:
    memory[key] = value
    while len(memory) > _REMEMBERED:
        memory.popitem(last=False)
