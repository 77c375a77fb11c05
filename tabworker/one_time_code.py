"""The codes of an authenticator app (TOTP, RFC 6238): computed when they are typed, and none typed twice.

Own code, because the library for it (pyotp 2.12) refuses every secret of less than 112 bits, and the 80 bits
of sixteen letters are what very many portals hand out.
"""

import base64
import hmac
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from tabworker.messages import Credentials

if TYPE_CHECKING:  # the supervisor checks secrets with this file, and loads no Playwright
    from tabworker.tab import Tab

LEAST_LEFT_S = 3.0
"""A code with less life than this may be dead when the portal looks at it."""

_LONGEST_NAP_S = 1.0
_HASHES = ("sha1", "sha256", "sha512")


@dataclass(frozen=True, repr=False)
class Totp:
    """One authenticator. ``period_s``: the life of a code."""

    key: bytes
    period_s: int = 30
    digits: int = 6
    hash_name: str = "sha1"

    def at(self, instant: float) -> str:
        """The code of the period that holds this instant, in seconds since 1970."""
        counter = int(instant) // self.period_s
        digest = hmac.digest(self.key, counter.to_bytes(8, "big"), self.hash_name)
        begin = digest[-1] & 15
        number = int.from_bytes(digest[begin : begin + 4], "big") & 0x7FFFFFFF
        return f"{number % 10**self.digits:0{self.digits}}"


def totp_of(secret: str) -> Totp:
    """The authenticator of a secret: base32 as the portal shows it (blanks and case do not matter), or the
    whole ``otpauth://`` address of the QR code, with period, digits and hash of its own.

    Raises ValueError, which quotes nothing of the secret.
    """
    try:
        return _of_address(secret) if secret.startswith("otpauth://") else Totp(_key(secret))
    except (ValueError, LookupError):
        raise ValueError("neither a base32 text nor an otpauth://totp/ address") from None


def may_type_from(now: float, used_at: float, period_s: int) -> float:
    """From when on the current code is fresh and lives long enough; ``now`` when it is so already. Pure.

    ``used_at``: when a code was typed last. Portals refuse the code of a period that was used, and each
    refusal counts towards locking the account.
    """
    period_began_at = now // period_s * period_s
    next_at = period_began_at + period_s
    return now if used_at < period_began_at and next_at - now >= LEAST_LEFT_S else next_at


def one_time_code(tab: "Tab", credentials: Credentials) -> str:
    """The code to type now. Waits a period at most, a step of its own. Raises ValueError without a secret."""
    totp = totp_of(credentials.totp_secret)
    tab.step("wait for a fresh one-time code", within_s=totp.period_s + 10.0)
    while (wait_s := may_type_from(now := time.time(), credentials.code_used_at, totp.period_s) - now) > 0:
        tab.page.wait_for_timeout(1000 * min(wait_s, _LONGEST_NAP_S))
    return totp.at(now)


def _of_address(address: str) -> Totp:
    parts = urlsplit(address)
    values = {name: found[0] for name, found in parse_qs(parts.query).items()}
    hash_name = values.get("algorithm", "SHA1").lower()
    period_s, digits = int(values.get("period", "30")), int(values.get("digits", "6"))
    if parts.netloc != "totp" or hash_name not in _HASHES or period_s < 5 or digits not in (6, 7, 8):
        raise ValueError
    return Totp(_key(values["secret"]), period_s, digits, hash_name)


def _key(text: str) -> bytes:
    compact = "".join(text.split()).replace("-", "").rstrip("=")
    key = base64.b32decode(compact + "=" * (-len(compact) % 8), casefold=True)
    if not key:
        raise ValueError
    return key
