"""The account at the portal: from the environment, .env, the keyring or a prompt; kept in memory only.

Only this file reads a password, and it takes it out of the environment: no child process (Chrome, the
workers, the demo portal) inherits it.
"""

import getpass
import threading
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import keyring

from supervisor.settings import Settings
from supervisor.settings_sources import read_dotenv
from tabworker.messages import Credentials
from tabworker.one_time_code import totp_of

_T = TypeVar("_T")

USERNAME = "TABCREW_USERNAME"
PASSWORD = "TABCREW_PASSWORD"
TOTP_SECRET = "TABCREW_TOTP_SECRET"

DEMO_ACCOUNT = Credentials("demo", "tabcrew")
"""The demo portal's public account: no secret."""

KEYRING_TIMEOUT_S = 5.0
"""A locked keyring waits for a dialog that nobody sees on a server."""


class CredentialsMissing(Exception):
    """No source has a complete account; the message says what to set."""


@dataclass
class _Account:
    """What is known so far. ``trouble``: why the keyring did not help, for the message."""

    username: str = ""
    password: str = ""
    trouble: str = ""

    @property
    def complete(self) -> bool:
        return bool(self.username and self.password)


def withdraw_secrets(environ: MutableMapping[str, str]) -> dict[str, str]:
    """A copy of ``environ``; the secrets leave the original, so that no child process inherits them.

    To be called before the first child is started, which is long before the account is needed.
    """
    copy = dict(environ)
    for name in (PASSWORD, TOTP_SECRET):
        environ.pop(name, None)
    return copy


def find_credentials(
    settings: Settings, environ: Mapping[str, str], dotenv: Path | None, *, prompt: bool
) -> Credentials:
    """The account to sign in with, an empty one when Tabcrew does not sign in.

    Asks on the terminal when ``prompt`` and nothing else knows. Raises CredentialsMissing. Blocks for
    KEYRING_TIMEOUT_S at most, then as long as a prompt takes.
    """
    if not settings.portal.needs_account:
        return Credentials("", "")
    account = _Account(environ.get(USERNAME, ""), environ.get(PASSWORD, ""))
    if settings.portal.is_demo:
        # .env is left alone: it holds the account of a real portal, and the demo must work beside it.
        return Credentials(
            account.username or DEMO_ACCOUNT.username, account.password or DEMO_ACCOUNT.password
        )
    host = settings.portal.host
    if not account.complete:
        _complete(account, read_dotenv(dotenv))
    if not account.complete:
        _ask_keyring(account, f"tabcrew:{host}")
    if not account.complete and prompt:
        _ask_person(account, host)
    if not account.complete:
        raise CredentialsMissing(_what_to_set(account, host))
    secret = _find_totp_secret(settings, account, environ, dotenv)
    return Credentials(account.username, account.password, secret)


def _complete(account: _Account, variables: Mapping[str, str]) -> None:
    """Never joins one account's name with another's password."""
    username = variables.get(USERNAME, "")
    if account.username and username and account.username != username:
        return
    account.username = account.username or username
    account.password = account.password or variables.get(PASSWORD, "")


def _ask_keyring(account: _Account, service: str) -> None:
    found, account.trouble = _from_keyring(lambda: keyring.get_credential(service, account.username or None))
    if found is not None and found.username and found.password:
        account.username, account.password = found.username, found.password


def _find_totp_secret(
    settings: Settings, account: _Account, environ: Mapping[str, str], dotenv: Path | None
) -> str:
    """The secret of the account's authenticator app; empty when none is needed. Raises CredentialsMissing."""
    service = f"tabcrew:{settings.portal.host}:totp"
    secret = environ.get(TOTP_SECRET, "") or read_dotenv(dotenv).get(TOTP_SECRET, "")
    needed, trouble = bool(settings.portal.totp_selector), ""
    if needed and not secret:
        found, trouble = _from_keyring(lambda: keyring.get_password(service, account.username))
        secret = found or ""
    if not secret and not needed:
        return ""
    if secret:
        try:
            totp_of(secret.strip())
        except ValueError as error:
            raise CredentialsMissing(f"{TOTP_SECRET} is {error}: nothing was started") from error
        return secret.strip()
    raise CredentialsMissing(
        "[portal] totp_selector is set, but no secret for one-time codes is known: nothing was started. "
        f"{trouble + '. ' if trouble else ''}Set {TOTP_SECRET} in the environment or in .env, or store it "
        f"once with: keyring set {service} {account.username}"
    )


def _from_keyring(question: Callable[[], _T | None]) -> tuple[_T | None, str]:
    """Asks in a thread of its own: a keyring that never answers must not hold up a run at 3 a.m."""
    answers: list[_T | None] = []
    trouble = [f"the keyring did not answer within {KEYRING_TIMEOUT_S:g} s"]

    def ask() -> None:
        try:
            answers.append(question())
        except Exception as error:  # noqa: BLE001  # backends of other makers raise whatever they like
            trouble[0] = f"the keyring cannot be used ({str(error) or type(error).__name__})"

    asker = threading.Thread(target=ask, name="keyring", daemon=True)
    asker.start()
    asker.join(KEYRING_TIMEOUT_S)
    return (answers[0], "") if answers else (None, trouble[0])


def _ask_person(account: _Account, host: str) -> None:
    try:
        account.username = account.username or input(f"User name at {host}: ").strip()
        account.password = getpass.getpass(f"Password of {account.username} at {host}: ")
    except EOFError:
        account.trouble = "nobody answered the prompt"


def _what_to_set(account: _Account, host: str) -> str:
    missing = f"no password for {account.username}" if account.username else "no user name and password"
    trouble = f" {account.trouble[0].upper()}{account.trouble[1:]}." if account.trouble else ""
    return (
        f"{missing} for the portal {host}: nothing was started.{trouble} Set {USERNAME} and {PASSWORD} "
        f"in the environment or in .env, or store them once with: keyring set tabcrew:{host} <user name>"
    )
