"""The token of a portal's scripts in the request of a document, on portals that a test writes down."""

import pytest

from tabworker.adapters.form import FormAdapter
from tabworker.adapters.form_settings import FormSettings
from tabworker.failures import AdapterMisfit, SessionLost
from tabworker.masking import masked
from tabworker.messages import Record
from tabworker.tab import Captured, Tab
from tests.support.form_bench import Reply, WrittenPortal, page, redirect

PDF = Reply(b"%PDF-1.4\n%%EOF\n", headers=(("Content-Type", "application/pdf"),))
APP = page("""<nav id="menu">me</nav><script>localStorage.setItem("jwt", "t0ken-1")</script>""", "App")
SIGNED_OUT = page('<form action="/login"><input name="username"><input type="password"></form>', "Sign in")
WITHOUT = page('<nav id="menu">me</nav><script>localStorage.clear()</script>', "App")


def adapter_of(portal: WrittenPortal, **settings: object) -> FormAdapter:
    defaults: dict[str, object] = {
        "signed_in_selector": "#menu",
        "step_timeout_s": 3.0,
        "document_url": "/{ref}.pdf",
        "token_key": "jwt",
    }
    return FormAdapter(FormSettings(url=portal.url, **defaults | settings))  # type: ignore[arg-type]


def fetch(adapter: FormAdapter, tab: Tab, ref: str) -> Captured:
    """As the worker does it."""
    tab.reset()
    tab.step("open record")
    return adapter.fetch_document(tab, Record(ref))


def sent(portal: WrittenPortal, path: str) -> str | None:
    return portal.headers[path].get("Authorization")


def test_fetch_sends_the_newest_token_at_one_page_for_a_tab_when_it_has_an_address(
    tab: Tab,
) -> None:
    with WrittenPortal({"/": APP, "/1.pdf": PDF, "/2.pdf": PDF, "/3.pdf": PDF}) as portal:
        adapter = adapter_of(portal)
        fetch(adapter, tab, "1")
        fetch(adapter, tab, "2")
        tab.page.evaluate("localStorage.setItem('jwt', 'Bearer  t0ken-2')")  # as a new sign-in does
        fetch(adapter, tab, "3")
        assert [sent(portal, f"/{n}.pdf") for n in (1, 2, 3)] == [
            "Bearer t0ken-1",
            "Bearer t0ken-1",
            "Bearer t0ken-2",
        ]
        assert [portal.asked[path] for path in ("/", "/1.pdf", "/2.pdf", "/3.pdf")] == [1, 1, 1, 1]
        assert tab.secrets == {"t0ken-1", "t0ken-2"}


def test_fetch_sends_the_token_when_a_link_has_the_documents_address(tab: Tab) -> None:
    record = page('<a id="get" href="/7.pdf">Get</a>')
    with WrittenPortal({"/": APP, "/r/7": record, "/7.pdf": PDF}) as portal:
        adapter = adapter_of(portal, document_url="", record_url="/r/{ref}", document_selector="#get")
        assert adapter.is_signed_in(tab)
        fetch(adapter, tab, "7")
        assert sent(portal, "/7.pdf") == "Bearer t0ken-1"
        assert portal.asked["/"] == 1


def test_token_stays_with_the_portal_when_a_document_is_on_another_host(tab: Tab) -> None:
    with (
        WrittenPortal({"/2.pdf": PDF}) as other,
        WrittenPortal({"/": APP, "/back.pdf": PDF, "/1.pdf": redirect(f"{other.url}/hop")}) as portal,
    ):
        other.replies = {**other.replies, "/hop": redirect(f"{portal.url}/back.pdf")}
        fetch(adapter_of(portal), tab, "1")
        assert sent(portal, "/1.pdf") == "Bearer t0ken-1"
        assert sent(other, "/hop") is None
        assert sent(portal, "/back.pdf") is None
        fetch(adapter_of(portal, document_url=f"{other.url}/{{ref}}.pdf"), tab, "2")
        assert sent(other, "/2.pdf") is None


def test_session_is_lost_when_the_portal_does_not_take_the_token(tab: Tab) -> None:
    with WrittenPortal({"/": APP, "/1.pdf": Reply("", 401)}) as portal:
        with pytest.raises(SessionLost, match=r"answered 401 to .*/1\.pdf"):
            fetch(adapter_of(portal), tab, "1")
        assert (portal.asked["/"], portal.asked["/1.pdf"]) == (1, 1)


def test_session_is_lost_when_the_token_is_gone_and_the_portal_asks_to_sign_in(tab: Tab) -> None:
    with WrittenPortal({"/": APP, "/1.pdf": PDF, "/2.pdf": PDF}) as portal:
        adapter = adapter_of(portal)
        fetch(adapter, tab, "1")
        tab.page.evaluate("localStorage.clear()")  # another tab was signed out, which this page does not show
        portal.replies = {**portal.replies, "/": SIGNED_OUT}
        with pytest.raises(SessionLost, match="signed out: the portal shows its sign-in form"):
            fetch(adapter, tab, "2")
        assert portal.asked["/2.pdf"] == 0


def test_setting_is_named_when_a_signed_in_page_has_no_such_token(tab: Tab) -> None:
    with WrittenPortal({"/": WITHOUT, "/1.pdf": PDF}) as portal:
        with pytest.raises(AdapterMisfit, match=r"token_key = jwt leads to no token .* it has nothing"):
            fetch(adapter_of(portal), tab, "1")
        assert portal.asked["/1.pdf"] == 0


def test_setting_is_named_when_the_portals_pages_are_on_another_host(tab: Tab) -> None:
    with (
        WrittenPortal({"/": APP}) as other,
        WrittenPortal({"/": redirect(other.url)}) as portal,
        pytest.raises(AdapterMisfit, match=r"token_key is read from pages of .* led elsewhere"),
    ):
        fetch(adapter_of(portal), tab, "1")


def test_token_is_masked_when_the_portal_repeats_it_in_an_address(tab: Tab) -> None:
    with WrittenPortal({"/": APP, "/1.pdf": redirect("/login?as=t0ken-1"), "/login": SIGNED_OUT}) as portal:
        with pytest.raises(SessionLost, match="t0ken-1") as lost:
            fetch(adapter_of(portal), tab, "1")
        assert masked(str(lost.value), tab.secrets).endswith("/login?as=***")
