"""The whole job at portals of quite different make, each driven by the settings file that lies beside it."""

from pathlib import Path

import pypdfium2
import pytest

from tests.portals.account import Account, serving
from tests.portals.bank import Bank
from tests.portals.clinic import TOTP_SECRET, Clinic
from tests.portals.deeds import Deeds
from tests.portals.invoices import Invoices
from tests.support.form_bench import Reply, WrittenPortal, page, redirect
from tests.support.portal import PASSWORD, USERNAME
from tests.support.tabcrew import TabcrewProcess

HERE = Path(__file__).parent


def account_with(*refs: str) -> Account:
    return Account(USERNAME, PASSWORD, list(refs))


def assert_job_done(
    folder: Path,
    settings: str,
    account: Account,
    url: str,
    environ: dict[str, str] | None = None,
    logins: int = 1,
) -> None:
    """One login, every record's own document, each served once, and nothing left behind.

    ``environ``: also settings that differ from the file's.
    """
    with TabcrewProcess(folder, url, "--settings", str(HERE / settings), environ=environ) as crew:
        assert crew.wait(within_s=60) == 0, crew.said()
        assert account.audit[0] == ("login", USERNAME)
        assert len(account.all_of("login")) == logins
        assert account.served() == dict.fromkeys(account.refs, 1)
        crew.assert_clean()
        for name in crew.documents():
            with pypdfium2.PdfDocument(crew.work_dir / "documents" / name) as pdf:
                assert name.removesuffix(".pdf") in pdf[0].get_textpage().get_text_range()


def test_portal_that_needs_python_is_fetched_whole_by_an_adapter(tmp_path: Path) -> None:
    account = account_with(*(f"2026-{month:02}" for month in range(1, 13)))
    with serving(Bank(account).app) as url:
        assert_job_done(tmp_path, "bank.ini", account, url)


def test_portal_of_frames_and_session_ids_in_addresses_is_fetched_whole(tmp_path: Path) -> None:
    account = account_with(*(f"D-{number}" for number in range(101, 111)))
    with serving(Deeds(account).app) as url:
        assert_job_done(tmp_path, "deeds.ini", account, url)


def test_portal_of_a_single_page_is_fetched_whole(tmp_path: Path) -> None:
    account = account_with(*(f"INV-{number}" for number in range(1, 11)))
    with serving(Invoices(account).app) as url:
        assert_job_done(tmp_path, "invoices.ini", account, url)


INVOICES_BY_FETCH = {
    "TABCREW__PORTAL__CAPTURE": "fetch",
    "TABCREW__PORTAL__DOCUMENT_URL": "/api/invoices/{ref}/pdf",
    "TABCREW__PORTAL__TOKEN_KEY": "token",
}


def test_portal_of_a_single_page_is_fetched_whole_with_its_token_at_no_page_for_a_document(
    tmp_path: Path,
) -> None:
    account = account_with(*(f"INV-{number}" for number in range(1, 31)))
    portal = Invoices(account, stumbles_over="INV-5")
    with serving(portal.app) as url:
        assert_job_done(tmp_path, "invoices.ini", account, url, INVOICES_BY_FETCH)
    assert portal.pages_loaded <= 6  # proof, sign-in, proof, list; one for each of the two tabs' token
    assert _files_that_hold(tmp_path, "/api/failed/***")
    assert not _files_that_hold(tmp_path, account.session)


def test_portal_of_a_single_page_is_signed_in_to_again_when_it_forgets_its_token(tmp_path: Path) -> None:
    account = account_with(*(f"INV-{number}" for number in range(1, 31)))
    with serving(Invoices(account, forgets_session_after=7).app) as url:
        assert_job_done(tmp_path, "invoices.ini", account, url, INVOICES_BY_FETCH, logins=2)


def _files_that_hold(folder: Path, secret: str) -> list[Path]:
    """Of all that a job leaves, but for Chrome's own profile, in which the portal keeps it."""
    files = (path for path in folder.rglob("*") if path.is_file() and "profile" not in path.parts)
    return [path for path in files if secret.encode() in path.read_bytes()]


SID = "5f0a93c1d7"
ADDRESS_ONLY = {
    "/login": page(
        "<form method=post action=/login><input name=u><input type=password name=p><button>In</button></form>"
    ),
    "POST /login": redirect(f"/desk;sid={SID}?view=all"),
    f"/desk;sid={SID}": page("<nav id=menu>me</nav>"),
    "/": redirect("/login"),
}
ADDRESS_ONLY_SETTINGS = {
    "TABCREW__PORTAL__USERNAME_SELECTOR": "input[name=u]",
    "TABCREW__PORTAL__PASSWORD_SELECTOR": "input[name=p]",
    "TABCREW__PORTAL__SIGN_IN_BUTTON_SELECTOR": "button",
    "TABCREW__PORTAL__SIGNED_IN_SELECTOR": "#menu",
    "TABCREW__PORTAL__INVENTORY_URL": "/",
}


@pytest.mark.parametrize(
    ("replies", "advice"),
    [
        (ADDRESS_ONLY, "names its session in the address alone"),
        # With a cookie the address is not at fault, whatever it names.
        (
            {**ADDRESS_ONLY, "POST /login": redirect(f"/desk;sid={SID}", **{"Set-Cookie": "sid=1"})},
            "check [portal] signed_in_selector",
        ),
    ],
)
def test_portal_that_forgets_its_session_elsewhere_is_refused_with_what_to_do(
    tmp_path: Path, replies: dict[str, Reply], advice: str
) -> None:
    with (
        WrittenPortal(replies) as portal,
        TabcrewProcess(tmp_path, portal.url, environ=ADDRESS_ONLY_SETTINGS) as crew,
    ):
        assert crew.wait(within_s=60) == 2, crew.said()
        said = " ".join(crew.said().split())
        assert "led to" in said
        assert advice in said
        assert portal.asked["POST /login"] == 1
        assert not _files_that_hold(tmp_path, SID)
        crew.assert_clean()


def test_portal_of_two_steps_a_code_and_frames_in_frames_is_fetched_whole(tmp_path: Path) -> None:
    account = account_with(*(f"R-{number}" for number in range(501, 511)))
    with serving(Clinic(account).app) as url:
        assert_job_done(tmp_path, "clinic.ini", account, url, {"TABCREW_TOTP_SECRET": TOTP_SECRET})


def test_settings_of_each_portal_are_short_enough_to_be_read() -> None:
    files = sorted(HERE.glob("*.ini"))
    assert len(files) == 4
    assert max(len(file.read_text("utf-8").splitlines()) for file in files) <= 30
