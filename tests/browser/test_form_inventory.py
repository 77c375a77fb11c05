"""The form adapter's ways to list an inventory, each on a portal that a test writes down."""

import json

import pytest

from tabworker.adapters.form import FormAdapter
from tabworker.adapters.form_settings import FormSettings
from tabworker.failures import AdapterMisfit, SessionLost, Transient
from tabworker.messages import Record
from tabworker.tab import Tab
from tests.support.form_bench import Reply, WrittenPortal, page, redirect


def adapter_of(portal: WrittenPortal, **settings: object) -> FormAdapter:
    defaults: dict[str, object] = {"signed_in_selector": "#menu", "step_timeout_s": 2.0, "inventory": "table"}
    return FormAdapter(FormSettings(url=portal.url, **defaults | settings))  # type: ignore[arg-type]


def refs(adapter: FormAdapter, tab: Tab) -> list[str]:
    return [record.ref for record in adapter.list_records(tab)]


def table(*rows: str, after: str = "") -> str:
    body = "".join(f'<tr><td><a href="/r/{ref}">{ref}</a><td>Saab</tr>' for ref in rows)
    return f"<table><thead><tr><th>Reference<th>Make</tr></thead><tbody>{body}</tbody></table>{after}"


V = [f"V-{number}" for number in range(1, 31)]


# --- tables ---


def test_table_is_read_by_the_number_in_its_address_until_nothing_comes(tab: Tab) -> None:
    asked: list[str] = []

    def list_page(query: str) -> Reply:
        asked.append(query)
        begin = int(query.partition("from=")[2])
        return page(table(*V[begin : begin + 12]))

    with WrittenPortal({"/list": list_page}) as portal:
        adapter = adapter_of(
            portal, inventory_url="/list?from={offset}", paging="number", record_url="{link}"
        )
        records = list(adapter.list_records(tab))
        assert [record.ref for record in records] == V
        assert asked == ["from=0", "from=12", "from=24", "from=30"]
        assert records[2].fields == {"Reference": "V-3", "Make": "Saab", "{link}": f"{portal.url}/r/V-3"}


def test_table_is_refused_when_the_number_in_its_address_changes_nothing(tab: Tab) -> None:
    with (
        WrittenPortal({"/list": page(table("V-1"))}) as portal,
        pytest.raises(
            AdapterMisfit, match=r"inventory_url = .*: its second page shows the rows of the first"
        ),
    ):
        refs(adapter_of(portal, inventory_url="/list?p={page}", paging="number"), tab)


_GROWING = """<button id="more">More</button><script>
  const add = () => setTimeout(() => {
    const at = document.querySelectorAll("tbody tr").length;
    for (let n = at + 1; n <= Math.min(at + 10, 30); n++)
      document.querySelector("tbody").insertAdjacentHTML("beforeend", `<tr><td>V-${n}<td>Saab</tr>`);
    const more = document.querySelector("#more");
    more.hidden = true;
    if (at + 10 < 30) setTimeout(() => { more.hidden = false; }, 200);
  }, 150);
  document.querySelector("#more").onclick = add;
</script>"""


def test_table_that_loads_more_is_read_whole_and_checked_against_the_portals_count(tab: Tab) -> None:
    counted = page('<p id="count">Showing 10 of 30 vehicles</p>' + table(*V[:10], after=_GROWING))
    short = page('<p id="count">1.200 vehicles</p>' + table(*V[:10], after=_GROWING))
    with WrittenPortal({"/": counted, "/short": short}) as portal:
        settings = {"paging": "load_more", "next_page_selector": "#more", "count_selector": "#count"}
        assert refs(adapter_of(portal, **settings), tab) == V
        with pytest.raises(
            Transient, match=r"shows 30 records, but .* there are 1200 .*count_selector = #count"
        ):
            refs(adapter_of(portal, inventory_url="/short", **settings), tab)


_SCROLLING = """<div id="list" style="height:120px;overflow:auto"></div><script>
  const list = document.querySelector("#list");
  let busy = false, first = 1, last = 0;
  function add() {
    // As lists do that keep few rows: what was scrolled past is taken out.
    for (let n = 0; n < 10 && last < 30; n++)
      list.insertAdjacentHTML("beforeend", `<div class="row" style="height:40px"><b>V-${++last}</b></div>`);
    while (list.children.length > 16) list.firstChild.remove();
    busy = false;
  }
  list.onscroll = () => {
    if (busy || list.scrollTop + list.clientHeight < list.scrollHeight - 20) return;
    busy = true;
    setTimeout(add, DELAY);
  };
  add();
</script>"""


@pytest.mark.parametrize("delay_ms", [0, 20, 100])
def test_list_that_scrolls_is_read_whole_when_it_takes_rows_out_again(tab: Tab, delay_ms: int) -> None:
    with WrittenPortal({"/": page(_SCROLLING.replace("DELAY", str(delay_ms)))}) as portal:
        adapter = adapter_of(portal, paging="scroll", table_row_selector=".row", reference_column="1")
        assert refs(adapter, tab) == V


def test_list_that_scrolls_goes_on_when_what_loads_lies_far_below_its_rows(tab: Tab) -> None:
    far_below = """<div id="list"></div><div style="height:9000px">foot</div><div id="end">…</div><script>
      let last = 0;
      const add = () => { for (let n = 0; n < 10 && last < 30; n++)
        list.insertAdjacentHTML("beforeend", `<div class="row"><b>V-${++last}</b></div>`) };
      new IntersectionObserver(seen => seen[0].isIntersecting && add()).observe(end);
      add();
    </script>"""
    with WrittenPortal({"/": page(far_below)}) as portal:
        adapter = adapter_of(portal, paging="scroll", table_row_selector=".row", reference_column="1")
        assert refs(adapter, tab) == V


def test_list_that_scrolls_is_refused_when_rows_may_have_gone_unread(tab: Tab) -> None:
    leaps = """<div id="list" style="height:120px;overflow:auto"></div><script>
      let last = 0;
      function show() {
        list.innerHTML = "";
        for (let n = 0; n < 10; n++)
          list.insertAdjacentHTML("beforeend", `<p class="row" style="height:40px"><b>V-${++last}</b></p>`);
      }
      list.onscroll = show;
      show();
    </script>"""
    with WrittenPortal({"/": page(leaps)}) as portal:
        adapter = adapter_of(portal, paging="scroll", table_row_selector=".row", reference_column="1")
        with pytest.raises(Transient, match="took rows out of the page before they could be read"):
            refs(adapter, tab)


def test_inventory_is_read_in_a_frame_behind_a_menu(tab: Tab) -> None:
    inner = page(
        '<iframe name="rows" srcdoc="<table><tr><th>Reference<tr class=r><td>V-1</table>'
        "<button id=next onclick=&quot;this.disabled=true;"
        "document.querySelector('.r').innerHTML='<td>V-2'&quot;>Next</button>\"></iframe>"
    )
    outer = page('<a href="/inner" target="work">Lists</a><iframe id="work" name="work"></iframe>')
    inside = "frame=#work >> frame=iframe[name=rows] >> "
    with WrittenPortal({"/": outer, "/inner": inner}) as portal:
        adapter = adapter_of(
            portal,
            inventory_menu_selectors=("text=Lists",),
            table_row_selector=inside + "tr.r",
            next_page_selector=inside + "#next",
        )
        assert refs(adapter, tab) == ["V-1", "V-2"]


# --- JSON ---

_APP = page('<nav id="menu">me</nav><script>localStorage.setItem("auth", \'{"access": "t0ken"}\')</script>')


def answer(data: object, status: int = 200) -> Reply:
    return Reply(json.dumps(data), status, (("Content-Type", "application/json"),))


def test_json_is_read_to_its_last_cursor_with_the_token_of_the_pages_scripts(tab: Tab) -> None:
    pages = {
        "after=": {"data": {"rows": [{"no": 1, "owner": {"name": "Ann"}}, {"no": 2}]}, "next": "b/c"},
        "after=b%2Fc": {"data": {"rows": [{"no": 3, "files": [{"id": "x9"}]}]}, "next": None},
    }
    with WrittenPortal({"/": _APP, "/api/cars": lambda query: answer(pages[query])}) as portal:
        adapter = adapter_of(
            portal,
            inventory="json",
            json_url="/api/cars?after={cursor}",
            json_records_path="data.rows",
            json_next_path="next",
            token_key="auth.access",
            reference_column="no",
        )
        assert list(adapter.list_records(tab)) == [
            Record("1", {"no": "1", "owner.name": "Ann"}),
            Record("2", {"no": "2"}),
            Record("3", {"no": "3", "files.0.id": "x9"}),
        ]
        assert portal.headers["/api/cars"]["Authorization"] == "Bearer t0ken"


def test_json_pages_end_with_an_empty_one_or_a_missing_one(tab: Tab) -> None:
    def numbered(query: str) -> Reply:
        number = int(query.partition("=")[2])
        return answer(V[number * 10 : number * 10 + 10]) if number < 4 else Reply("", 404)

    def full(query: str) -> Reply:
        return answer(V[:10]) if query == "p=0" else Reply("gone", 404)

    with WrittenPortal({"/": _APP, "/a": numbered, "/b": full}) as portal:
        for url, expected in (("/a?p={page}", V), ("/b?p={page}", V[:10])):
            adapter = adapter_of(portal, inventory="json", json_url=url, first_page=0)
            assert refs(adapter, tab) == expected


@pytest.mark.parametrize(
    ("replies", "settings", "failure", "reason"),
    [
        ({"/api": answer({"items": []})}, {}, AdapterMisfit, r"\(empty\) is a dict, .* 'items'"),
        ({"/api": answer([{"x": 1}])}, {}, AdapterMisfit, "reference_column = Reference is not among .*'x'"),
        ({"/api": page("Oops", "Broken")}, {}, Transient, "json_url: .*/api is a page titled 'Broken'"),
        ({"/api": answer(None, 401)}, {}, SessionLost, "401"),
        ({"/api": redirect("/login"), "/login": page("")}, {}, SessionLost, "sign-in page"),
        ({"/api": answer(["V-1"])}, {"json_url": "/api?p={page}"}, AdapterMisfit, "second page .* first"),
        (
            {"/api": answer({"rows": ["V-1"], "next": "https://other.example/"})},
            {"json_records_path": "rows", "json_next_path": "next"},
            AdapterMisfit,
            "json_next_path = next is 'https://other.example/'",
        ),
        (
            {"/api": answer({"rows": ["V-1"], "next": "/api"})},
            {"json_records_path": "rows", "json_next_path": "next"},
            AdapterMisfit,
            "json_next_path leads back to",
        ),
        ({"/api": answer([])}, {"token_key": "jwt"}, AdapterMisfit, "token_key = jwt leads to no .*'auth'"),
        ({}, {}, AdapterMisfit, "json_url: the portal answered 404"),
    ],
)  # fmt: skip
def test_json_is_refused_when_it_is_not_the_inventory(
    tab: Tab, replies: dict[str, Reply], settings: dict[str, object], failure: type[Exception], reason: str
) -> None:
    with WrittenPortal({"/": _APP, **replies}) as portal, pytest.raises(failure, match=reason):
        refs(adapter_of(portal, **{"inventory": "json", "json_url": "/api", **settings}), tab)
