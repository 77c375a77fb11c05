"""Where documents are hidden, and several of them to a record, on portals that a test writes down."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tabworker.adapters.form import FormAdapter
from tabworker.adapters.form_page import FormPage
from tabworker.adapters.form_settings import FormSettings
from tabworker.failures import AdapterMisfit, Permanent, SessionLost
from tabworker.messages import Credentials, Record
from tabworker.tab import Tab
from tests.support.form_bench import Reply, WrittenPortal, page, redirect

PDF = Reply(b"%PDF-1.4\n%%EOF\n", headers=(("Content-Type", "application/pdf"),))
HOME = page('<nav id="menu">me</nav>', "Home")


def adapter_of(portal: WrittenPortal, **settings: object) -> FormAdapter:
    defaults: dict[str, object] = {
        "signed_in_selector": "#menu",
        "step_timeout_s": 3.0,
        "capture": "click",
        "record_url": "/r/{ref}",
    }
    return FormAdapter(FormSettings(url=portal.url, **defaults | settings))  # type: ignore[arg-type]


def source_of(adapter: FormAdapter, tab: Tab, record: Record) -> str:
    """The path from which the adapter got the record's document."""
    tab.reset()
    tab.step("open record")
    captured = adapter.fetch_document(tab, record)
    assert captured.path.read_bytes().startswith(b"%PDF-")
    return captured.source_url.partition("//")[2].partition("/")[2]


_SHADOWED = """<report-box></report-box><script>
  customElements.define("report-box", class extends HTMLElement {
    connectedCallback() {
      this.attachShadow({mode: "open"}).innerHTML = "<a href=/1.pdf target=_blank>Report</a>";
    }
  });
</script>"""
_MENU = """<button onclick="document.querySelector('ul').hidden = false">Actions</button>
<ul hidden><li><a href="#" onclick="document.querySelector('#v-1').hidden = false">Print</a></ul>
<a id="v-1" hidden href="/1.pdf">Report of V-1</a>"""
_FRAMED = '<iframe name="outer" src="/inner"></iframe>'
_INNER = f"<iframe id=\"deep\" srcdoc='{_SHADOWED.replace(chr(39), '&#39;')}'></iframe>"


@pytest.mark.parametrize(
    ("body", "settings"),
    [
        (_SHADOWED, {"document_selector": "text=Report"}),
        (
            _MENU,
            {
                "document_menu_selectors": ("role=button[name=Actions]", "ul >> text=Print"),
                "document_selector": 'text="Report of {ref}"',
            },
        ),
        (
            _FRAMED,
            {"document_selector": "frame=iframe[name=outer] >> frame=#deep >> text=Report"},
        ),
        # the address that an element holds, also one that a click has put there
        (
            "<button onclick=\"document.querySelector('iframe').src = '/1.pdf'\">View</button>"
            '<iframe src="about:blank"></iframe>',
            {
                "capture": "fetch",
                "document_menu_selectors": ("text=View",),
                "document_selector": "iframe[src$='.pdf']",
            },
        ),
        ('<p><a href="/1.pdf"><b>Get</b></a>', {"capture": "fetch", "document_selector": "b"}),
        ('<embed src="/1.pdf">', {"capture": "fetch", "document_selector": "embed"}),
        ('<object data="/1.pdf"></object>', {"capture": "fetch", "document_selector": "object"}),
    ],
)
def test_document_is_found_where_it_is_hidden(tab: Tab, body: str, settings: dict[str, object]) -> None:
    with WrittenPortal({"/r/V-1": page(body), "/inner": page(_INNER), "/1.pdf": PDF}) as portal:
        assert source_of(adapter_of(portal, **settings), tab, Record("V-1")) == "1.pdf"


def test_menu_names_the_setting_when_an_entry_is_missing(tab: Tab) -> None:
    with WrittenPortal({"/r/V-1": page(_MENU)}) as portal:
        adapter = adapter_of(
            portal, document_menu_selectors=("text=Actions", "text=Export"), document_selector="#v-1"
        )
        with pytest.raises(
            AdapterMisfit, match=r"document_menu_selectors = text=Export finds nothing on .*/r/V-1"
        ):
            source_of(adapter, tab, Record("V-1"))


def test_element_without_an_address_is_told_when_it_should_be_fetched(tab: Tab) -> None:
    with WrittenPortal({"/r/V-1": page('<a id="get" href="javascript:go()">Get</a>')}) as portal:
        adapter = adapter_of(portal, capture="fetch", document_selector="#get")
        with pytest.raises(AdapterMisfit, match=r"document_selector names something without a web address"):
            source_of(adapter, tab, Record("V-1"))


# --- several documents ---


def inventory(folder: Path, *refs: str) -> dict[str, object]:
    path = folder / "refs.txt"
    path.write_text("\n".join(refs))
    return {"inventory": "file", "inventory_file": path}


def test_each_link_of_a_record_is_a_task_when_nobody_knows_how_many_there_are(
    tab: Tab, tmp_path: Path
) -> None:
    several = page(
        '<a href="/a.pdf">Report</a> <a href="/b.pdf">Report</a> <a href="/">Home</a>'
        '<a href="/c.pdf" title="Bill" style="display:block;height:9px"></a>'
    )
    late = page(
        "<script>for (const n of [1, 2, 3, 4, 5, 6]) setTimeout(() => document.body.insertAdjacentHTML("
        "'beforeend', `<a href='/${n}.pdf'>Report</a>`), 300 + 100 * n)</script>"
    )
    pages = {
        "/r/V-1": several,
        "/r/V-2": page("<p>No documents here"),
        "/r/V-3": late,
        "/r/V-4": Reply("Oops", 500),
        "/a.pdf": PDF,
        "/b.pdf": PDF,
        "/c.pdf": PDF,
        "/6.pdf": PDF,
    }
    with WrittenPortal(pages) as portal:
        adapter = adapter_of(
            portal,
            documents_selector="a[href$='.pdf']",
            no_document_text="No documents here",
            **inventory(tmp_path, "V-1", "V-2", "V-3", "V-4", "V-5"),
        )
        tasks = {task.ref: task for task in adapter.list_records(tab)}
        expected = "V-1-Report, V-1-Report 2, V-1-Bill, V-2, V-4, V-5"
        assert ", ".join(name for name in tasks if "V-3" not in name) == expected
        assert [name for name in tasks if "V-3" in name][5:] == ["V-3-Report 6"]
        assert tasks["V-1-Bill"].reference == "V-1"
        assert source_of(adapter, tab, tasks["V-1-Report 2"]) == "b.pdf"
        assert source_of(adapter, tab, tasks["V-1-Bill"]) == "c.pdf"
        assert source_of(adapter, tab, tasks["V-3-Report 6"]) == "6.pdf"
        with pytest.raises(Permanent, match="says 'No documents here'"):
            source_of(adapter, tab, tasks["V-2"])
        portal.replies = {**pages, "/r/V-4": several}
        with pytest.raises(Permanent, match=r"'V-4' has 3 documents \(Report, Report 2, Bill\).*--fresh"):
            source_of(adapter, tab, tasks["V-4"])


def test_each_name_of_a_document_is_a_task_with_its_own_address(tab: Tab, tmp_path: Path) -> None:
    with WrittenPortal({"/r/V-1/2/bill.pdf": PDF}) as portal:
        adapter = adapter_of(
            portal,
            capture="fetch",
            document_names=("report", "bill"),
            document_url="/r/{ref}/{n}/{document}.pdf",
            task_name="{document} of {ref}",
            **inventory(tmp_path, "V-1"),
        )
        report, bill = adapter.list_records(tab)
        assert (report.ref, bill.ref) == ("report of V-1", "bill of V-1")
        assert source_of(adapter, tab, bill) == "r/V-1/2/bill.pdf"
        with pytest.raises(Permanent, match="404"):
            source_of(adapter, tab, report)


# --- the way to it ---


def test_record_is_found_by_the_address_of_a_search(tab: Tab) -> None:
    pages = {
        "/find": page('<ul><li><b>V-10</b> <a href="/no">o</a><li><b>V-1</b> <a href="/yes">o</a></ul>'),
        "/yes": page('<a id="get" href="/1.pdf">Get</a>'),
        "/1.pdf": PDF,
    }
    with WrittenPortal(pages) as portal:
        adapter = adapter_of(
            portal,
            record_url="",
            search_url="/find?q={ref}",
            record_link_selector="a",
            document_selector="#get",
        )
        assert source_of(adapter, tab, Record("V-1")) == "1.pdf"
        assert (portal.asked["/find"], portal.asked["/"], portal.asked["/no"]) == (1, 0, 0)


# --- signing in ---

_FORM = '<form method="post" action="/in">{}</form>'
_PASSWORD = _FORM.format('<label>Pass word <input type="password"></label><button>In</button>')


def test_sign_in_is_proven_by_its_address_through_banner_and_two_steps(tab: Tab) -> None:
    banner = (
        '<div id="banner" style="position:fixed;inset:0;background:grey">'
        '<button onclick="this.parentNode.remove()">Fine</button></div>'
    )
    name_form = '<label>User name <input></label><button id="next" onclick="location=\'/pass\'">Next</button>'
    pages: dict[str, Reply] = {
        "/": redirect("/login"),
        "/login": page(name_form + banner),
        "/pass": page(_PASSWORD),
        "POST /in": redirect("/app/list?x=1"),
        "/app/list": page("Welcome"),
    }
    with WrittenPortal(pages) as portal:
        adapter = adapter_of(
            portal,
            signed_in_selector="",
            signed_in_url="/app/*",
            username_selector="label=User name",
            password_selector='label="Pass word"',
            sign_in_next_selector="#next",
            sign_in_button_selector="text=In",
            consent_selectors=("#banner button",),
        )
        assert not adapter.is_signed_in(tab)
        adapter.sign_in(tab, Credentials("demo", "s3cret"))
        assert portal.asked["POST /in"] == 1
        portal.replies = {**pages, "/": redirect("/app/list")}
        assert adapter.is_signed_in(tab)
        # A script that leads to the form only after the page has come is waited for.
        leave = "<script>setTimeout(() => { location = '/login' }, 200)</script>"
        portal.replies = {**pages, "/": redirect("/app/list"), "/app/list": page(leave)}
        assert not adapter.is_signed_in(tab)


def test_session_is_seen_and_lost_in_a_frame_when_all_pages_have_one_address(tab: Tab) -> None:
    frameset = (
        "<!doctype html><html><title>Desk</title><frameset cols='50%,50%'><frame name=work src={}></frameset>"
    )
    shown = {"frame": "/logon"}

    def desk(_: str) -> Reply:
        return Reply(frameset.format(shown["frame"]), headers=(("Content-Type", "text/html"),))

    def sign_in(_: str) -> Reply:
        shown["frame"] = "/list"
        return redirect("/")

    pages: dict[str, Reply | Callable[[str], Reply]] = {
        "/": desk,
        "/logon": page(f"<form method=post action=/in target=_top><input name=u>{_PASSWORD[30:]}"),
        "POST /in": sign_in,
        "/list": page("<a>Register</a>"),
        "/ended": page("Your session has ended."),
        "/record": page("<iframe name=work src=/ended></iframe>"),
    }
    work = "frame=[name=work] >> "
    with WrittenPortal(pages) as portal:
        adapter = adapter_of(
            portal,
            sign_in_url="/",
            signed_in_selector=work + "text=Register",
            username_selector=work + "input[name=u]",
            password_selector=work + "input[type=password]",
            sign_in_button_selector=work + "button",
            record_url="/record?{ref}",
            document_selector=work + "text=Get",
        )
        assert not adapter.is_signed_in(tab)
        adapter.sign_in(tab, Credentials("demo", "s3cret"))
        assert adapter.is_signed_in(tab)
        with pytest.raises(AdapterMisfit, match=r"document_selector = .*text=Get finds nothing"):
            source_of(adapter, tab, Record("V-1"))
        shown["frame"] = "/logon"
        with pytest.raises(SessionLost):
            source_of(adapter, tab, Record("V-1"))


def test_what_stands_in_a_frame_is_seen_when_the_page_answers_slowly(tab: Tab) -> None:
    busy = "<script>setInterval(() => { for (const t = Date.now(); Date.now() - t < 120; ); }, 125)</script>"
    pages = {"/": page(f"<iframe name=work src=/in></iframe>{busy}"), "/in": page("<input type=password>")}
    field = "frame=[name=work] >> input[type=password]"
    with WrittenPortal(pages) as portal:
        settings = FormSettings(url=portal.url, password_selector=field, step_timeout_s=30.0)
        form = FormPage(tab, settings)
        form.open("/", "open", "inventory_url")
        form.visible(field).wait_for()
        assert [form.shows(field) for _ in range(5)] == [True] * 5
