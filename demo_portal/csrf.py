"""Form tokens: a form is only believed when it carries the token that belongs to the cookie it came with."""

import hmac
import secrets


class FormTokens:
    """Derives the token from the cookie with a key that dies with the process; stores nothing per visitor."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def token(self, cookie: str) -> str:
        return hmac.digest(self._key, cookie.encode(), "sha256").hex()

    def is_valid(self, cookie: str, token: str) -> bool:
        return hmac.compare_digest(self.token(cookie).encode(), token.encode())
