"""The form adapter against portals that are built otherwise than the demo portal."""

import time
from collections.abc import Callable

import pytest

from tabworker.adapters.form import FormAdapter
from tabworker.adapters.form_settings import FormSettings
from tabworker.failures import AdapterMisfit, Permanent, SessionLost, SignInRefused, Throttled, Transient
from tabworker.http_status import Forbidden
from tabworker.messages import Credentials, Record
from tabworker.one_time_code import totp_of
from tabworker.tab import Tab
from tests.support.form_bench import Reply, WrittenPortal, page, redirect

ACCOUNT = Credentials("demo", "s3cret-word")
ACCOUNT_WITH_CODES = Credentials("demo", "s3cret-word", "JBSWY3DPEHPK3PXP")
FORM = (
    '<form method="post"><input name="username"><input name="password" type="password">'
    '<button type="submit">In</button></form>'
)
NAME_FORM = (
    '<form method="post" action="/who"><input name="username"><button type="submit">Next</button></form>'
)
PASSWORD_FORM = (
    '<form method="post" action="/in"><input type="password"><button type="submit">In</button></form>'
)
FIELDS = '<input name="username"><input name="password" type="password"><button type="submit">In</button>'
CODE_FORM = (
    '<form method="post" action="/code"><input id="code" name="code"><button type="submit">Go</button></form>'
)
HOME = page('<nav id="menu">me</nav>', "Home")
PDF = Reply(b"%PDF-1.4\n%%EOF\n", headers=(("Content-Type", "application/pdf"),))


def adapter_of(portal: WrittenPortal, **settings: object) -> FormAdapter:
    defaults: dict[str, object] = {"signed_in_selector": "#menu", "step_timeout_s": 2.0}
    return FormAdapter(FormSettings(url=portal.url, **defaults | settings))  # type: ignore[arg-type]


def refs(adapter: FormAdapter, tab: Tab) -> list[str]:
    return [record.ref for record in adapter.list_records(tab)]


# --- signing in ---


def test_sign_in_goes_on_to_the_password_when_it_is_asked_on_a_second_page(tab: Tab) -> None:
    pages = {
        "/login": page(NAME_FORM),
        "POST /who": page(PASSWORD_FORM),
        "POST /in": redirect("/"),
        "/": HOME,
    }
    with WrittenPortal(pages) as portal:
        adapter_of(portal).sign_in(tab, ACCOUNT)
        assert portal.asked["POST /in"] == 1


def code_pages(answer: Reply) -> dict[str, Reply]:
    return {
        "/login": page(f'<form method="post" action="/in">{FIELDS}</form>'),
        "POST /in": page(CODE_FORM),
        "POST /code": answer,
        "/": HOME,
    }


def typed_code_is_right(code: str) -> bool:
    """Its period may have ended since."""
    return code in {totp_of(ACCOUNT_WITH_CODES.totp_secret).at(time.time() - ago) for ago in (0, 30)}


def test_sign_in_types_a_one_time_code_when_it_is_asked_on_the_next_page(tab: Tab) -> None:
    with WrittenPortal(code_pages(redirect("/"))) as portal:
        adapter_of(portal, totp_selector="#code").sign_in(tab, ACCOUNT_WITH_CODES)
        assert len(portal.posted) == 2
        assert typed_code_is_right(portal.posted[1]["code"])


def test_sign_in_types_a_one_time_code_once_when_it_is_asked_beside_the_password(tab: Tab) -> None:
    form = f'<form method="post" action="/in"><input id="code" name="code">{FIELDS}</form>'
    with WrittenPortal({"/login": page(form), "POST /in": redirect("/"), "/": HOME}) as portal:
        adapter_of(portal, totp_selector="#code").sign_in(tab, ACCOUNT_WITH_CODES)
        assert len(portal.posted) == 1
        assert typed_code_is_right(portal.posted[0]["code"])


def test_sign_in_is_refused_after_one_code_when_the_portal_does_not_take_it(tab: Tab) -> None:
    refusal = page(f'<p role="alert">Wrong code</p>{CODE_FORM}')
    with WrittenPortal(code_pages(refusal)) as portal:
        with pytest.raises(SignInRefused, match=r"one-time code: 'Wrong code'\. Is the clock"):
            adapter_of(portal, totp_selector="#code").sign_in(tab, ACCOUNT_WITH_CODES)
        assert portal.asked["POST /code"] == 1


def test_sign_in_is_refused_when_the_portal_does_not_know_the_user_name(tab: Tab) -> None:
    unknown = page(f'<p role="alert">Who?</p>{NAME_FORM}')
    with (
        WrittenPortal({"/login": page(NAME_FORM), "POST /who": unknown}) as portal,
        pytest.raises(SignInRefused, match=r"refused the user name: 'Who\?'"),
    ):
        adapter_of(portal).sign_in(tab, ACCOUNT)


@pytest.mark.parametrize("status", [200, 400, 401, 403, 422])
def test_sign_in_is_refused_in_the_portals_words_whatever_the_status(tab: Tab, status: int) -> None:
    refused = Reply(
        f'<p role="alert">Nobody of\n that name</p>{FORM}', status, (("Content-Type", "text/html"),)
    )
    with WrittenPortal({"/login": page(FORM), "POST /login": refused}) as portal:
        with pytest.raises(SignInRefused, match="'Nobody of that name'"):
            adapter_of(portal).sign_in(tab, ACCOUNT)
        assert portal.asked["POST /login"] == 1


@pytest.mark.parametrize(("status", "failure"), [(500, Transient), (503, Transient), (429, Throttled)])
def test_sign_in_is_no_refusal_when_the_portal_fails(tab: Tab, status: int, failure: type[Exception]) -> None:
    with (
        WrittenPortal({"/login": page(FORM), "POST /login": Reply("Oops", status)}) as portal,
        pytest.raises(failure, match=f"answered {status} to"),
    ):
        adapter_of(portal).sign_in(tab, ACCOUNT)


def test_sign_in_takes_a_notice_that_was_there_before_for_no_refusal(tab: Tab) -> None:
    slow = (
        "<script>document.forms[0].onsubmit = () => "
        "{ setTimeout(() => location = '/', 600); return false }</script>"
    )
    with WrittenPortal(
        {"/login": page(f'<p role="alert">Down on Sunday</p>{FORM}{slow}'), "/": HOME}
    ) as portal:
        adapter_of(portal).sign_in(tab, ACCOUNT)
        assert tab.page.url == f"{portal.url}/"


def test_sign_in_is_done_when_the_sign_in_page_answers_with_401(tab: Tab) -> None:
    form = Reply(FORM, 401, (("Content-Type", "text/html"),))
    with WrittenPortal({"/login": form, "POST /login": redirect("/"), "/": HOME}) as portal:
        adapter_of(portal).sign_in(tab, ACCOUNT)


def test_sign_in_names_setting_and_page_when_nothing_fits_afterwards(tab: Tab) -> None:
    pages = {"/login": page(FORM), "POST /login": page("<h1>Choose a depot</h1>", "Depots")}
    with WrittenPortal(pages) as portal:
        expected = r"signed_in_selector = #menu finds nothing on .*/login \(\"Depots\"\).*'Choose a depot'"
        with pytest.raises(AdapterMisfit, match=expected) as caught:
            adapter_of(portal).sign_in(tab, ACCOUNT)
        assert ACCOUNT.password not in str(caught.value)


def test_password_is_in_no_error_when_its_field_cannot_be_filled(tab: Tab) -> None:
    form = FORM.replace('type="password"', 'type="password" disabled')
    with WrittenPortal({"/login": page(form)}) as portal:
        with pytest.raises(Transient, match=r"password_selector = .* cannot be filled") as caught:
            adapter_of(portal).sign_in(tab, ACCOUNT)
        chain = [caught.value, caught.value.__cause__]
        assert caught.value.__suppress_context__
        assert not any(ACCOUNT.password in str(error) for error in chain)


def test_consent_is_given_page_after_page_and_ticked_boxes_stay_ticked(tab: Tab) -> None:
    licence = (
        '<form method="post" action="/licence"><input type="checkbox" id="box" checked name="yes" value="1">'
        '<button id="go" onclick="return document.querySelector(\'#box\').checked">Go on</button></form>'
    )
    banner = (
        '<nav id="menu">me</nav><p id="cookies"><button onclick="this.parentNode.remove()">Fine</button></p>'
    )
    pages = {"/": redirect("/licence"), "/licence": page(licence), "POST /licence": page(banner)}
    with WrittenPortal(pages) as portal:
        adapter = adapter_of(portal, consent_selectors=("#cookies button", "#box", "#go"))
        assert adapter.is_signed_in(tab)
        assert portal.asked["POST /licence"] == 1
        assert not tab.page.locator("#cookies").is_visible()


def test_consent_that_is_never_enough_is_given_up(tab: Tab) -> None:
    asked = page('<form><button id="go">Go on</button></form>')
    with (
        WrittenPortal({"/": asked}) as portal,
        pytest.raises(AdapterMisfit, match="#go shows again and again"),
    ):
        adapter_of(portal, consent_selectors=("#go",)).is_signed_in(tab)


def test_proof_is_refused_when_the_settings_name_none(tab: Tab) -> None:
    with (
        WrittenPortal({"/": HOME}) as portal,
        pytest.raises(AdapterMisfit, match="signed_in_selector and signed_in_url are both empty"),
    ):
        adapter_of(portal, signed_in_selector="").is_signed_in(tab)


def test_portal_without_a_sign_in_is_signed_in_when_its_inventory_opens(tab: Tab) -> None:
    with WrittenPortal({"/": page("Welcome")}) as portal:
        assert adapter_of(portal, sign_in_url="", signed_in_selector="").is_signed_in(tab)


@pytest.mark.parametrize("status", [200, 401, 403])
def test_session_is_not_proven_when_the_form_stands_in_the_pages_place(tab: Tab, status: int) -> None:
    with WrittenPortal({"/": Reply(FORM, status, (("Content-Type", "text/html"),))}) as portal:
        assert not adapter_of(portal).is_signed_in(tab)


def test_inventory_page_that_is_missing_is_the_settings_fault(tab: Tab) -> None:
    with (
        WrittenPortal({}) as portal,
        pytest.raises(AdapterMisfit, match=r"inventory_url = /list: the portal answered 404"),
    ):
        adapter_of(portal, inventory_url="/list").is_signed_in(tab)


# --- the inventory ---


def table(*rows: str, head: str = "<tr><th>Reference<th>Make</tr>", after: str = "") -> str:
    body = "".join(f"<tr><td> {ref}\n <td>Saab</tr>" for ref in rows)
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>{after}"


def test_table_is_read_to_the_end_when_a_script_turns_its_pages(tab: Tab) -> None:
    script = """<button id="next">Next</button><script>
      const pages = [["V-3", "V-4"], ["V-5"]];
      document.querySelector("#next").onclick = event => setTimeout(() => {
        const rows = pages.shift();
        document.querySelector("tbody").innerHTML = rows.map(ref => `<tr><td>${ref}<td>Saab</tr>`).join("");
        if (!pages.length) event.target.classList.add("is-disabled");
      }, 300);
    </script>"""
    with WrittenPortal({"/": page(table("V-1", "V-2", after=script))}) as portal:
        adapter = adapter_of(portal, inventory="table", next_page_selector="#next")
        assert refs(adapter, tab) == ["V-1", "V-2", "V-3", "V-4", "V-5"]


@pytest.mark.parametrize("off", ["disabled", 'aria-disabled="true"', 'class="page-link disabled"', "hidden"])
def test_table_ends_when_the_next_button_is_off(tab: Tab, off: str) -> None:
    with WrittenPortal({"/": page(table("V-1", after=f'<button id="next" {off}>Next</button>'))}) as portal:
        assert refs(adapter_of(portal, inventory="table", next_page_selector="#next"), tab) == ["V-1"]


def test_table_is_never_taken_for_complete_when_its_next_button_does_nothing(tab: Tab) -> None:
    with WrittenPortal({"/": page(table("V-1", after='<button id="next">Next</button>'))}) as portal:
        adapter = adapter_of(portal, inventory="table", next_page_selector="#next")
        with pytest.raises(Transient, match=r"next_page_selector = #next was clicked, but the same rows"):
            refs(adapter, tab)


def test_columns_are_numbered_when_a_table_has_no_head(tab: Tab) -> None:
    with WrittenPortal(
        {"/": page("<table><tr><td>Saab<td>V-1</tr><tr><td>Volvo<td>V-2</tr></table>")}
    ) as portal:
        adapter = adapter_of(portal, inventory="table", table_row_selector="tr", reference_column="2")
        assert list(adapter.list_records(tab)) == [
            Record("V-1", {"1": "Saab", "2": "V-1"}),
            Record("V-2", {"1": "Volvo", "2": "V-2"}),
        ]


def test_table_is_a_lost_session_when_the_next_page_is_the_sign_in_form(tab: Tab) -> None:
    pages = {
        "/": page(table("V-1", after='<a rel="next" href="/2">Next</a>')),
        "/2": redirect("/login"),
        "/login": page(FORM),
    }
    with WrittenPortal(pages) as portal, pytest.raises(SessionLost):
        refs(adapter_of(portal, inventory="table"), tab)


@pytest.mark.parametrize(
    ("export", "failure", "reason"),
    [
        (page("Try again later", "Busy"), Transient, "web page titled 'Busy'"),
        (page(FORM, "Sign in"), Transient, "web page titled 'Sign in'"),
        (Reply("Make\nSaab\n"), AdapterMisfit, "Reference is not among the columns"),
    ],
)
def test_export_is_refused_when_it_is_not_the_inventory(
    tab: Tab, export: Reply, failure: type[Exception], reason: str
) -> None:
    as_file = Reply(export.body, headers=(("Content-Disposition", 'attachment; filename="a.csv"'),))
    with (
        WrittenPortal({"/": page('<a id="export" href="/x">Export</a>'), "/x": as_file}) as portal,
        pytest.raises(failure, match=reason),
    ):
        refs(adapter_of(portal, export_selector="#export"), tab)


# --- documents ---


@pytest.mark.parametrize(
    ("capture", "status"), [("fetch", 200), ("click", 200), ("print", 200), ("click", 403), ("print", 403)]
)
def test_session_is_lost_when_the_form_stands_in_the_records_place(
    tab: Tab, capture: str, status: int
) -> None:
    form = Reply(f"<html>{FORM}", status, (("Content-Type", "text/html"),))
    with WrittenPortal({"/r/V-1": form, "/r/V-1.pdf": form}) as portal:
        adapter = adapter_of(
            portal,
            capture=capture,
            record_url="/r/{ref}",
            document_url="/r/{ref}.pdf",
            document_selector="#get",
        )
        with pytest.raises(SessionLost, match="signed out"):
            adapter.fetch_document(tab, Record("V-1"))


def test_document_is_permanently_missing_when_the_portal_sends_a_page_that_says_so(tab: Tab) -> None:
    with WrittenPortal({"/V-1.pdf": page("<p>There is <b>no</b>\n report.</p>")}) as portal:
        adapter = adapter_of(
            portal, capture="fetch", document_url="/{ref}.pdf", no_document_text="there is no report"
        )
        with pytest.raises(Permanent, match="says 'there is no report' on"):
            adapter.fetch_document(tab, Record("V-1"))


@pytest.mark.parametrize("says", ["onclick=\"alert('No report here')\"", 'href="/none"'])
def test_document_is_permanently_missing_when_only_the_click_tells(tab: Tab, says: str) -> None:
    pages = {"/V-1": page(f'<a id="get" {says}>Get</a>'), "/none": page("<h1>No report here</h1>")}
    with WrittenPortal(pages) as portal:
        adapter = adapter_of(
            portal,
            capture="click",
            record_url="/{ref}",
            document_selector="#get",
            no_document_text="No report here",
            step_timeout_s=5.0,
        )
        with pytest.raises(Permanent, match="says 'No report here' on"):
            adapter.fetch_document(tab, Record("V-1"))


def test_document_names_the_setting_when_its_control_is_covered(tab: Tab) -> None:
    cover = '<button id="get">Get</button><div style="position:fixed;inset:0;background:grey">Loading</div>'
    with WrittenPortal({"/V-1": page(cover)}) as portal:
        adapter = adapter_of(portal, capture="click", record_url="/{ref}", document_selector="#get")
        with pytest.raises(Transient, match=r"document_selector = #get cannot be clicked on .*/V-1"):
            adapter.fetch_document(tab, Record("V-1"))


def test_record_that_is_a_download_itself_is_told(tab: Tab) -> None:
    with WrittenPortal({"/V-1": PDF}) as portal:
        adapter = adapter_of(portal, capture="click", record_url="/{ref}", document_selector="#get")
        with pytest.raises(AdapterMisfit, match=r"record_url leads to a download .* capture = fetch"):
            adapter.fetch_document(tab, Record("V-1"))


def test_selector_may_name_the_record(tab: Tab) -> None:
    buttons = '<a href="/1.pdf">V-1</a><a href="/2.pdf">V-2</a>'
    with WrittenPortal({"/all": page(buttons), "/1.pdf": PDF, "/2.pdf": PDF}) as portal:
        adapter = adapter_of(portal, capture="click", record_url="/all", document_selector='text="{ref}"')
        assert adapter.fetch_document(tab, Record("V-2")).source_url == f"{portal.url}/2.pdf"
        assert portal.asked["/1.pdf"] == 0


OPEN = '<a class="open" href="{}">Open</a>'


@pytest.mark.parametrize(
    "found",
    [
        f"<ul><li><b>V-1</b> {OPEN.format('/right')}</li><li><b>V-10</b> {OPEN.format('/wrong')}</li></ul>",
        f"<table><tr><td>V-10<td>{OPEN.format('/wrong')}<tr><td>V-1<td>{OPEN.format('/right')}</table>",
        '<div><a class="open" href="/wrong">V-10</a> <a class="open" href="/right"> V-1 </a></div>',
        f"<div>Found one: {OPEN.format('/right')}</div>",
        "<div><button class='open' onclick='location = \"/right\"'>V-1</button></div>",
    ],
)
def test_search_follows_the_link_of_the_record(tab: Tab, found: str) -> None:
    pages = {
        "/": page('<form action="/found"><input name="q"></form>'),
        "/found": page(found),
        "/right": page('<a id="get" href="/1.pdf">Get</a>'),
        "/1.pdf": PDF,
    }
    with WrittenPortal(pages) as portal:
        adapter = adapter_of(
            portal,
            capture="click",
            search_selector="input[name=q]",
            record_link_selector=".open",
            document_selector="#get",
        )
        assert adapter.fetch_document(tab, Record("V-1")).source_url == f"{portal.url}/1.pdf"


@pytest.mark.parametrize(
    ("settings", "pages_of_a_record"),
    [({"search_url": "/found?q={ref}"}, 2), ({"search_selector": "input[name=q]"}, 3)],
)
def test_search_loads_no_more_pages_than_is_documented(
    tab: Tab, settings: dict[str, object], pages_of_a_record: int
) -> None:
    box = '<form action="/found"><input name="q"></form>'
    pages: dict[str, Reply | Callable[[str], Reply]] = {
        "/": page(box),
        "/found": lambda query: page(f'{box}<a class="open" href="/r/{query[2:]}">{query[2:]}</a>'),
        **{f"/r/V-{n}": page(f'{box}<a id="get" href="/{n}.pdf">Get</a>') for n in (1, 2, 3)},
        **{f"/{n}.pdf": PDF for n in (1, 2, 3)},
    }
    with WrittenPortal(pages) as portal:
        adapter = adapter_of(
            portal, capture="click", record_link_selector=".open", document_selector="#get", **settings
        )
        for n in (1, 2, 3):
            found = adapter.fetch_document(tab, Record(f"V-{n}"))
            assert found.source_url == f"{portal.url}/{n}.pdf"
        loaded = sum(portal.asked[path] for path in pages if not path.endswith(".pdf"))
        assert loaded == 3 * pages_of_a_record


def test_search_takes_no_document_of_the_record_before_when_the_portal_finds_nothing(tab: Tab) -> None:
    # Every page has the box, and what finds nothing leads back to where it came from.
    box = '<form action="/found"><input name="q"></form>'
    with WrittenPortal({"/": page(box), "/1": page(box + '<a id="get" href="/1.pdf">Get</a>')}) as portal:

        def found(query: str) -> Reply:
            return redirect("/1" if query == "q=V-1" else portal.headers["/found"]["Referer"])

        portal.replies = {**portal.replies, "/found": found, "/1.pdf": PDF}
        adapter = adapter_of(
            portal, capture="click", search_selector="input[name=q]", document_selector="#get"
        )
        assert adapter.fetch_document(tab, Record("V-1")).source_url == f"{portal.url}/1.pdf"
        tab.reset()
        with pytest.raises(AdapterMisfit, match="document_selector = #get finds nothing"):
            adapter.fetch_document(tab, Record("V-2"))
        assert portal.asked["/1.pdf"] == 1


def test_session_is_lost_when_only_the_portal_knows(tab: Tab) -> None:
    # The record's page says nothing of a sign-in; the inventory's address leads there.
    pages = {"/V-1": page("Your time is up."), "/": redirect("/login"), "/login": page(FORM)}
    with (
        WrittenPortal(pages) as portal,
        pytest.raises(SessionLost, match=r"led to its sign-in page .*/login"),
    ):
        adapter_of(portal, capture="click", record_url="/{ref}", document_selector="#get").fetch_document(
            tab, Record("V-1")
        )


FORBIDDEN = Reply("Not for you", 403)
FORBIDDEN_WAYS = {
    "fetch": ({"/V-1": FORBIDDEN}, {"document_url": "/{ref}"}),
    "print": ({"/V-1": FORBIDDEN}, {"record_url": "/{ref}"}),
    "click": (
        {"/V-1": page('<a id="get" href="/1.pdf">Get</a>'), "/1.pdf": FORBIDDEN},
        {"record_url": "/{ref}", "document_selector": "#get"},
    ),
}


@pytest.mark.parametrize("capture", FORBIDDEN_WAYS)
def test_portal_is_asked_for_the_session_when_it_forbids_a_document(tab: Tab, capture: str) -> None:
    pages, settings = FORBIDDEN_WAYS[capture]
    with WrittenPortal({**pages, "/": redirect("/login"), "/login": page(FORM)}) as portal:
        adapter = adapter_of(portal, capture=capture, **settings)
        with pytest.raises(SessionLost, match=r"led to its sign-in page .*/login"):
            adapter.fetch_document(tab, Record("V-1"))
        portal.replies = {**pages, "/": HOME}  # signed in after all: this one document is not for us
        with pytest.raises(Forbidden, match="answered 403 to"):
            adapter.fetch_document(tab, Record("V-1"))
