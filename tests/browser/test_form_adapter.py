"""The form adapter against the demo portal, in a real Chrome, on a tab as a worker has it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from demo_portal.hostile import HOSTILE_REFS
from tabworker.adapters.form import FormAdapter
from tabworker.failures import (
    AdapterMisfit,
    AnotherSession,
    Permanent,
    SessionLost,
    SignInRefused,
    Throttled,
    Transient,
)
from tabworker.messages import Credentials, Record
from tabworker.pdf_check import verify_pdf
from tabworker.tab import Captured, Tab
from tests.support.form_bench import Bench
from tests.support.portal import PASSWORD, USERNAME, PortalProcess, demo_form_settings

ACCOUNT = Credentials(USERNAME, PASSWORD)
DOCUMENT_URL = "/records/{ref}/report.pdf"


@contextmanager
def demo(folder: Path, **options: object) -> Iterator[PortalProcess]:
    with PortalProcess(folder, **{"records": 3, **options}) as portal:
        yield portal


def adapter_of(portal: PortalProcess, **settings: object) -> FormAdapter:
    return FormAdapter(demo_form_settings(portal.url, **{"step_timeout_s": 4.0, **settings}))


def signed_in(portal: PortalProcess, tab: Tab, **settings: object) -> FormAdapter:
    adapter = adapter_of(portal, **settings)
    adapter.sign_in(tab, ACCOUNT)
    return adapter


def fetch(adapter: FormAdapter, tab: Tab, ref: str) -> Captured:
    """As the worker does it."""
    tab.reset()
    tab.step("open record")
    return adapter.fetch_document(tab, Record(ref))


def refs(adapter: FormAdapter, tab: Tab) -> list[str]:
    return [record.ref for record in adapter.list_records(tab)]


# --- signing in ---


def test_adapter_signs_in_and_proves_it_when_signed_out(tab: Tab, tmp_path: Path) -> None:
    with demo(tmp_path) as portal:
        adapter = adapter_of(portal)
        assert not adapter.is_signed_in(tab)
        adapter.sign_in(tab, ACCOUNT)
        assert adapter.is_signed_in(tab)
        assert portal.logins() == 1


def test_adapter_does_not_sign_in_again_when_signed_in(tab: Tab, tmp_path: Path) -> None:
    with demo(tmp_path) as portal:
        signed_in(portal, tab).sign_in(tab, ACCOUNT)
        assert portal.logins() == 1


def test_sign_in_is_refused_in_the_portals_words_when_the_password_is_wrong(tab: Tab, tmp_path: Path) -> None:
    with demo(tmp_path) as portal:
        adapter = adapter_of(portal)
        for _ in range(2):
            with pytest.raises(SignInRefused, match=r"Wrong user name or password\.") as caught:
                adapter.sign_in(tab, Credentials(USERNAME, "wrong-one"))
            assert "wrong-one" not in repr(caught.value)
        assert len(portal.audit("login_refused")) == 2
        assert not adapter.is_signed_in(tab)


def test_other_session_is_ended_when_the_settings_say_how(bench: Bench, tab: Tab, tmp_path: Path) -> None:
    with demo(tmp_path) as portal:
        signed_in(portal, tab)
        bench.root.call("Storage.clearCookies")
        assert signed_in(portal, tab).is_signed_in(tab)
        assert [line["reason"] for line in portal.audit("session_ended")] == ["elsewhere"]


def test_other_session_is_left_alone_when_the_settings_do_not_say_how(
    bench: Bench, tab: Tab, tmp_path: Path
) -> None:
    with demo(tmp_path) as portal:
        signed_in(portal, tab)
        bench.root.call("Storage.clearCookies")
        with pytest.raises(AnotherSession, match=r"Another session is active.* end_other_session_selector"):
            signed_in(portal, tab, end_other_session_selector="", step_timeout_s=1.5)
        assert portal.audit("session_ended") == []


def test_proof_goes_through_the_licence_page_when_it_is_still_in_the_way(tab: Tab, tmp_path: Path) -> None:
    with demo(tmp_path) as portal:
        with pytest.raises(
            AdapterMisfit, match=r"#account-menu finds nothing on .*/licence \(\"Terms of use"
        ):
            signed_in(portal, tab, consent_selectors=(), step_timeout_s=1.5)
        assert adapter_of(portal).is_signed_in(tab)
        assert portal.logins() == 1


def test_sign_in_names_the_setting_when_the_form_has_no_such_field(tab: Tab, tmp_path: Path) -> None:
    with demo(tmp_path) as portal:
        adapter = adapter_of(portal, username_selector="#email", step_timeout_s=1.5)
        with pytest.raises(
            AdapterMisfit, match=r'username_selector = #email finds nothing on .*/login \("Sign in'
        ):
            adapter.sign_in(tab, ACCOUNT)


def test_portal_that_is_not_there_is_named(tab: Tab, tmp_path: Path) -> None:
    with demo(tmp_path) as portal:
        adapter = adapter_of(portal)
    with pytest.raises(Transient, match=f"{portal.url}/inventory did not load: .*ERR_CONNECTION_REFUSED"):
        adapter.is_signed_in(tab)


# --- the inventory ---


def test_export_lists_all_records_when_a_filter_hides_some(tab: Tab, tmp_path: Path) -> None:
    with demo(tmp_path, records=60) as portal:
        records = list(signed_in(portal, tab).list_records(tab))
        assert [record.ref for record in records] == [f"V-{number:04}" for number in range(1, 61)]
        assert list(records[0].fields) == [
            *("Reference", "Make", "Model", "Year", "VIN", "Colour", "Mileage", "Status", "Delivery")
        ]
        assert [line["rows"] for line in portal.audit("inventory_exported")] == [60]


def test_table_lists_what_the_export_lists(tab: Tab, tmp_path: Path) -> None:
    with demo(tmp_path, records=60) as portal:
        exported = list(signed_in(portal, tab).list_records(tab))
        assert list(adapter_of(portal, inventory="table").list_records(tab)) == exported


def test_export_keeps_hostile_references(tab: Tab, tmp_path: Path) -> None:
    with demo(tmp_path, records=25, hostile=True) as portal:
        listed = refs(signed_in(portal, tab), tab)
        assert tuple(listed[: len(HOSTILE_REFS)]) == HOSTILE_REFS
        assert len(listed) == 25


@pytest.mark.parametrize("inventory", ["csv_export", "table"])
def test_inventory_is_refused_when_it_lacks_the_reference_column(
    tab: Tab, tmp_path: Path, inventory: str
) -> None:
    with demo(tmp_path) as portal:
        adapter = signed_in(portal, tab, inventory=inventory, reference_column="Number plate")
        with pytest.raises(AdapterMisfit, match=r"Number plate is not among .*'Reference', 'Make'.*'VIN'"):
            refs(adapter, tab)


def test_file_of_the_users_is_read_without_the_portal(tab: Tab, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("Reference;Make\nV-2;Saab\nV-1;Saab\n", encoding="utf-16")
    settings = demo_form_settings("http://127.0.0.1:9", inventory="file", inventory_file=path)
    assert refs(FormAdapter(settings), tab) == ["V-2", "V-1"]
    path.unlink()
    with pytest.raises(AdapterMisfit, match="cannot be read: No such file"):
        refs(FormAdapter(settings), tab)


@pytest.mark.parametrize(
    ("setting", "inventory"), [("export_selector", "csv_export"), ("table_row_selector", "table")]
)
def test_inventory_names_the_setting_when_its_selector_finds_nothing(
    tab: Tab, tmp_path: Path, setting: str, inventory: str
) -> None:
    with demo(tmp_path) as portal:
        adapter = signed_in(portal, tab, inventory=inventory, step_timeout_s=1.5, **{setting: "#nothing"})
        with pytest.raises(
            AdapterMisfit, match=rf'{setting} = #nothing finds nothing on .*/inventory \("Inventory'
        ):
            refs(adapter, tab)


def test_inventory_is_a_lost_session_when_signed_out(tab: Tab, tmp_path: Path) -> None:
    with demo(tmp_path) as portal, pytest.raises(SessionLost):
        refs(adapter_of(portal), tab)


# --- documents ---


@pytest.mark.parametrize(
    ("capture", "way"),
    [
        *(("click", way) for way in ("attachment", "inline", "new-tab", "post", "blob")),
        *(("download", way) for way in ("attachment", "new-tab", "blob")),
        ("fetch", "inline"),
    ],
)
def test_documents_are_captured_once_each_whatever_the_way(
    tab: Tab, tmp_path: Path, capture: str, way: str
) -> None:
    with demo(tmp_path, delivery=way) as portal:
        adapter = signed_in(portal, tab, capture=capture)
        for ref in ("V-0001", "V-0002", "V-0003"):
            verify_pdf(fetch(adapter, tab, ref), ref)
        assert portal.served() == {"V-0001": 1, "V-0002": 1, "V-0003": 1}


def test_document_is_printed(tab: Tab, tmp_path: Path) -> None:
    with demo(tmp_path, delivery="print") as portal:
        adapter = signed_in(portal, tab, capture="print", record_url="/records/{ref}/print")
        for ref in ("V-0001", "V-0002"):
            verify_pdf(fetch(adapter, tab, ref), ref)


@pytest.mark.parametrize("capture", ["fetch", "click"])
def test_hostile_references_lead_to_their_own_documents(tab: Tab, tmp_path: Path, capture: str) -> None:
    with demo(tmp_path, records=len(HOSTILE_REFS), hostile=True) as portal:
        adapter = signed_in(portal, tab, capture=capture)
        for ref in HOSTILE_REFS:
            verify_pdf(fetch(adapter, tab, ref), None)
        assert portal.served() == dict.fromkeys(HOSTILE_REFS, 1)


def test_record_is_found_by_search_when_it_has_no_address_of_its_own(tab: Tab, tmp_path: Path) -> None:
    with demo(tmp_path, records=60) as portal:
        adapter = signed_in(portal, tab, record_url="")
        for ref in ("V-0059", "V-0001"):
            verify_pdf(fetch(adapter, tab, ref), ref)


def test_search_says_so_when_the_record_is_not_found(tab: Tab, tmp_path: Path) -> None:
    with demo(tmp_path) as portal:
        adapter = signed_in(portal, tab, record_url="", step_timeout_s=2.0)
        with pytest.raises(Transient, match="search for 'V-9' led to 0 links"):
            fetch(adapter, tab, "V-9")


@pytest.mark.parametrize("capture", ["fetch", "click", "print"])
def test_document_is_permanently_missing_when_the_record_is_not_found(
    tab: Tab, tmp_path: Path, capture: str
) -> None:
    with demo(tmp_path) as portal, pytest.raises(Permanent, match=r"404 to .*/records/V-9"):
        fetch(signed_in(portal, tab, capture=capture), tab, "V-9")


@pytest.mark.parametrize("capture", ["click", "download", "print"])
def test_document_is_permanently_missing_at_once_when_the_portal_says_so(
    tab: Tab, tmp_path: Path, capture: str
) -> None:
    with demo(tmp_path, no_report=1.0) as portal:
        adapter = signed_in(portal, tab, capture=capture, step_timeout_s=30.0)
        began_at = time.monotonic()
        with pytest.raises(Permanent, match=r"says 'No report available for this record\.' on .*V-0001"):
            fetch(adapter, tab, "V-0001")
        assert time.monotonic() - began_at < 5


@pytest.mark.parametrize("capture", ["fetch", "click", "print"])
def test_session_is_lost_when_the_portal_leads_to_the_sign_in_page(
    bench: Bench, tab: Tab, tmp_path: Path, capture: str
) -> None:
    with demo(tmp_path) as portal:
        adapter = signed_in(portal, tab, capture=capture)
        bench.root.call("Storage.clearCookies")
        with pytest.raises(SessionLost, match=r"led to its sign-in page .*/login"):
            fetch(adapter, tab, "V-0001")


@pytest.mark.parametrize("capture", ["fetch", "click", "print"])
def test_session_is_lost_when_the_licence_is_asked_for_again(tab: Tab, tmp_path: Path, capture: str) -> None:
    with demo(tmp_path) as portal:
        with pytest.raises(AdapterMisfit):
            signed_in(portal, tab, consent_selectors=(), step_timeout_s=1.5)
        adapter = adapter_of(portal, capture=capture)
        with pytest.raises(SessionLost, match="asks for consent again"):
            fetch(adapter, tab, "V-0001")
        assert adapter.is_signed_in(tab)
        assert portal.logins() == 1


@pytest.mark.parametrize(
    ("capture", "way"),
    [
        ("fetch", "inline"),
        ("click", "attachment"),
        ("click", "new-tab"),
        ("click", "blob"),
        ("download", "post"),
    ],
)
@pytest.mark.parametrize(("fault", "failure"), [("logout", SessionLost), ("throttle", Throttled)])
def test_fault_of_the_portal_is_told_for_what_it_is(
    tab: Tab, tmp_path: Path, capture: str, way: str, fault: str, failure: type[Exception]
) -> None:
    with demo(tmp_path, delivery=way, faults=f"{fault}!=V-0001") as portal:
        adapter = signed_in(portal, tab, capture=capture)
        with pytest.raises(failure) as caught:
            fetch(adapter, tab, "V-0001")
        assert isinstance(caught.value, failure)
        assert len(portal.audit("fault")) == 1


@pytest.mark.parametrize("capture", ["fetch", "click"])
def test_page_instead_of_a_document_is_left_to_the_documents_check(
    tab: Tab, tmp_path: Path, capture: str
) -> None:
    with demo(tmp_path, delivery="attachment", faults="html!=V-0001") as portal:
        captured = fetch(signed_in(portal, tab, capture=capture), tab, "V-0001")
        with pytest.raises(Transient, match="titled 'Error"):
            verify_pdf(captured, "V-0001")


@pytest.mark.parametrize("capture", ["fetch", "click"])
def test_hung_document_is_transient_within_its_step(tab: Tab, tmp_path: Path, capture: str) -> None:
    with demo(tmp_path, faults="hang!=V-0001") as portal:
        adapter = signed_in(portal, tab, capture=capture, step_timeout_s=2.0)
        began_at = time.monotonic()
        with pytest.raises(Transient):
            fetch(adapter, tab, "V-0001")
        assert time.monotonic() - began_at < 6


def test_spinning_page_is_transient_within_its_step(tab: Tab, tmp_path: Path) -> None:
    with demo(tmp_path, faults="spin!=V-0001") as portal:
        adapter = signed_in(portal, tab, step_timeout_s=2.0)
        began_at = time.monotonic()
        with pytest.raises(Transient):
            fetch(adapter, tab, "V-0001")
        assert time.monotonic() - began_at < 12


def test_document_names_the_setting_when_its_control_is_missing(tab: Tab, tmp_path: Path) -> None:
    with demo(tmp_path) as portal:
        adapter = signed_in(portal, tab, document_selector="#download", step_timeout_s=1.5)
        with pytest.raises(
            AdapterMisfit, match=r'document_selector = #download finds nothing on .*/records/V-0001 \("V-0001'
        ):
            fetch(adapter, tab, "V-0001")


def test_fetch_opens_no_page_of_a_record(tab: Tab, tmp_path: Path) -> None:
    with demo(tmp_path, faults="spin!=V-0001") as portal:
        adapter = signed_in(portal, tab, capture="fetch")
        verify_pdf(fetch(adapter, tab, "V-0001"), "V-0001")
        assert portal.audit("fault") == []
