"""Where the account comes from, and that its password stays nowhere else."""

import getpass
import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backend
import keyring.credentials
import pytest

from supervisor import credentials as credentials_module
from supervisor.credentials import CredentialsMissing, find_credentials, withdraw_secrets
from supervisor.settings import Settings
from tabworker.messages import Credentials
from tests.support.settings_files import load

REAL_PORTAL = (
    "[portal]\nurl = https://fleet.example.com\nsigned_in_selector = #me\n"
    "export_selector = #csv\ndocument_url = /doc/{ref}.pdf\n"
)


class FakeKeyring(keyring.backend.KeyringBackend):
    """Knows one account, or fails, or never answers."""

    priority = 1.0

    def __init__(self, account: tuple[str, str] | None = None, error: Exception | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.account, self.error = account, error
        self.answers = threading.Event()
        self.answers.set()
        self.asked: list[tuple[str, str | None]] = []
        self.passwords: dict[tuple[str, str], str] = {}

    def get_credential(self, service: str, username: str | None) -> keyring.credentials.Credential | None:
        self.asked.append((service, username))
        self.answers.wait()
        if self.error is not None:
            raise self.error
        return keyring.credentials.SimpleCredential(*self.account) if self.account else None

    def get_password(self, service: str, username: str) -> str | None:
        return self.passwords.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def fake_keyring() -> Iterator[FakeKeyring]:
    before = keyring.get_keyring()
    fake = FakeKeyring()
    keyring.set_keyring(fake)
    yield fake
    fake.answers.set()
    keyring.set_keyring(before)


@pytest.fixture
def real(tmp_path: Path) -> Settings:
    return load(tmp_path, REAL_PORTAL)


def test_credentials_come_from_the_environment_when_it_has_both(real: Settings) -> None:
    environ = {"TABCREW_USERNAME": "me", "TABCREW_PASSWORD": "secret"}
    assert find_credentials(real, environ, None, prompt=False) == Credentials("me", "secret")


def test_credentials_leave_the_environment_when_they_are_withdrawn(real: Settings) -> None:
    environ = {"TABCREW_USERNAME": "me", "TABCREW_PASSWORD": "secret"}
    withdrawn = withdraw_secrets(environ)
    assert environ == {"TABCREW_USERNAME": "me"}
    assert find_credentials(real, withdrawn, None, prompt=False) == Credentials("me", "secret")


def test_credentials_come_from_dotenv_when_the_environment_has_none(real: Settings, tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("TABCREW_USERNAME=me\nTABCREW_PASSWORD='pa$$ #word'\n")
    assert find_credentials(real, {}, dotenv, prompt=False) == Credentials("me", "pa$$ #word")


def test_credentials_never_mix_accounts_when_name_and_password_disagree(
    real: Settings, tmp_path: Path
) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("TABCREW_USERNAME=other\nTABCREW_PASSWORD=secret of other\n")
    with pytest.raises(CredentialsMissing, match="no password for me"):
        find_credentials(real, {"TABCREW_USERNAME": "me"}, dotenv, prompt=False)


def test_credentials_come_from_the_keyring_when_nothing_else_has_them(
    real: Settings, fake_keyring: FakeKeyring
) -> None:
    fake_keyring.account = ("me", "secret")
    assert find_credentials(real, {}, None, prompt=False) == Credentials("me", "secret")
    assert fake_keyring.asked == [("tabcrew:fleet.example.com", None)]


def test_credentials_are_missing_when_the_keyring_breaks(real: Settings, fake_keyring: FakeKeyring) -> None:
    fake_keyring.error = ZeroDivisionError("odd backend")
    with pytest.raises(CredentialsMissing, match=r"The keyring cannot be used \(odd backend\)"):
        find_credentials(real, {}, None, prompt=False)


def test_credentials_are_missing_when_the_keyring_never_answers(
    real: Settings, fake_keyring: FakeKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials_module, "KEYRING_TIMEOUT_S", 0.05)
    fake_keyring.answers.clear()
    with pytest.raises(CredentialsMissing, match="did not answer within"):
        find_credentials(real, {}, None, prompt=False)


def test_credentials_missing_says_what_to_set_when_no_source_has_any(real: Settings) -> None:
    with pytest.raises(CredentialsMissing) as caught:
        find_credentials(real, {}, None, prompt=False)
    text = str(caught.value)
    assert "TABCREW_USERNAME and TABCREW_PASSWORD" in text
    assert "keyring set tabcrew:fleet.example.com" in text


def test_credentials_come_from_the_person_when_a_prompt_is_allowed(
    real: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda _question: " me ")
    monkeypatch.setattr(getpass, "getpass", lambda _question: "secret")
    assert find_credentials(real, {}, None, prompt=True) == Credentials("me", "secret")


def test_credentials_are_missing_when_nobody_answers_the_prompt(
    real: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(_question: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)
    with pytest.raises(CredentialsMissing, match="Nobody answered the prompt"):
        find_credentials(real, {}, None, prompt=True)


def test_credentials_are_the_public_account_when_the_portal_is_the_demo(
    tmp_path: Path, fake_keyring: FakeKeyring
) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("TABCREW_USERNAME=me\nTABCREW_PASSWORD=secret\n")
    assert find_credentials(load(tmp_path), {}, dotenv, prompt=True) == Credentials("demo", "tabcrew")
    assert fake_keyring.asked == []


def test_credentials_follow_the_environment_when_the_portal_is_the_demo(tmp_path: Path) -> None:
    environ = {"TABCREW_PASSWORD": "wrong"}
    assert find_credentials(load(tmp_path), environ, None, prompt=False) == Credentials("demo", "wrong")


def totp_portal(folder: Path) -> Settings:
    return load(folder, REAL_PORTAL + "totp_selector = #code\n")


ACCOUNT = {"TABCREW_USERNAME": "me", "TABCREW_PASSWORD": "secret"}


def test_totp_secret_comes_from_environment_or_dotenv_and_leaves_the_environment(tmp_path: Path) -> None:
    environ = ACCOUNT | {"TABCREW_TOTP_SECRET": "JBSWY3DPEHPK3PXP"}
    copy = withdraw_secrets(environ)
    assert "JBSWY3DPEHPK3PXP" not in environ.values()
    found = find_credentials(totp_portal(tmp_path), copy, None, prompt=False)
    assert found.totp_secret == "JBSWY3DPEHPK3PXP"
    assert "JBSWY3DP" not in repr(found)
    dotenv = tmp_path / ".env"
    dotenv.write_text("TABCREW_TOTP_SECRET=JBSWY3DPEHPK3PXP\n")
    assert find_credentials(totp_portal(tmp_path), ACCOUNT, dotenv, prompt=False) == found


def test_totp_secret_comes_from_the_keyring_when_only_a_field_for_codes_is_set(
    tmp_path: Path, fake_keyring: FakeKeyring
) -> None:
    fake_keyring.passwords["tabcrew:fleet.example.com:totp", "me"] = "JBSWY3DPEHPK3PXP"
    found = find_credentials(totp_portal(tmp_path), ACCOUNT, None, prompt=False)
    assert found.totp_secret == "JBSWY3DPEHPK3PXP"


def test_credentials_are_missing_when_there_is_no_totp_secret_or_it_is_none(tmp_path: Path) -> None:
    with pytest.raises(CredentialsMissing, match=r"keyring set tabcrew:fleet\.example\.com:totp me"):
        find_credentials(totp_portal(tmp_path), ACCOUNT, None, prompt=False)
    wrong = ACCOUNT | {"TABCREW_TOTP_SECRET": "1 is no base32"}
    with pytest.raises(CredentialsMissing, match="TABCREW_TOTP_SECRET is neither") as caught:
        find_credentials(totp_portal(tmp_path), wrong, None, prompt=False)
    assert "no base32" not in str(caught.value)


@pytest.mark.parametrize("key", ["sign_in = manual", "sign_in = none", "sign_in_url ="])
def test_no_account_is_asked_for_when_tabcrew_does_not_sign_in(
    tmp_path: Path, fake_keyring: FakeKeyring, key: str
) -> None:
    found = find_credentials(load(tmp_path, f"{REAL_PORTAL}{key}\n"), {}, None, prompt=True)
    assert found == Credentials("", "")
    assert fake_keyring.asked == []
