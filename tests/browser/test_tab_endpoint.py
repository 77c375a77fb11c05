"""The tab endpoint in a real Chrome: one tab is seen, nothing of the others is heard or harmed."""

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from playwright.sync_api import Error as PlaywrightError
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from chrome_launcher.tabs import close_tab, list_tabs, open_tab
from tabworker.attach import attach
from tabworker.endpoint import EndpointError, TabEndpoint
from tests.support.chrome import virtual_display
from tests.support.click_site import click_site, document
from tests.support.eventually import eventually
from tests.support.tabs import TabBench, tab_bench


@pytest.fixture(scope="module", params=["headless", "visible"])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TabBench]:
    folder = tmp_path_factory.mktemp("bench")
    if request.param == "headless":
        with tab_bench(folder) as bench:
            yield bench
        return
    with virtual_display() as display, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPLAY", display)
        with tab_bench(folder, headless=False) as bench:
            yield bench


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with click_site() as url:
        yield url


def test_client_sees_one_page_when_other_tabs_are_open(bench: TabBench) -> None:
    with bench.attached() as one, bench.attached() as two:
        assert len(list_tabs(bench.root)) >= 3
        assert [len(context.pages) for context in one.browser.contexts] == [1]
        assert [len(context.pages) for context in two.browser.contexts] == [1]


def test_client_attaches_when_another_tab_spins(bench: TabBench, site: str) -> None:
    """That one answers nothing, ever: whoever asks it anything on the way fails at a limit of his own."""
    with bench.attached() as spinning:
        spinning.page.goto(site)
        spinning.page.evaluate("setTimeout(() => { while (true); }, 0)")
        with bench.attached() as other:
            other.page.goto(site)
            assert other.page.title() == "home"


@pytest.mark.parametrize("control", ["page", "blank-page"])
def test_popup_is_the_clients_when_its_tab_opened_it(bench: TabBench, site: str, control: str) -> None:
    with bench.attached() as one, bench.attached() as two:
        one.page.goto(site)
        if control == "page":
            one.page.evaluate("document.querySelector('#page').target = 'named'")
        with one.page.expect_popup() as popup:
            one.page.click(f"#{control}")
        popup.value.wait_for_load_state()
        assert popup.value.title() == "Other page"
        assert len(two.page.context.pages) == 1
        popup.value.close()
        eventually(lambda: len(one.page.context.pages) == 1, 5, "the pop-up is gone")


def test_new_page_is_owned_when_the_client_opens_one(bench: TabBench, site: str) -> None:
    with bench.attached() as one:
        page = one.page.context.new_page()
        page.goto(f"{site}/other")
        assert page.title() == "Other page"
        page.close()


def test_dialog_is_answered_by_its_own_client_when_another_has_no_handler(bench: TabBench, site: str) -> None:
    with bench.attached() as one, bench.attached() as two:
        two.page.goto(site)
        one.page.goto(site)
        one.page.once("dialog", lambda dialog: dialog.accept())
        one.page.click("#confirm")
        assert one.page.title() == "yes"


def test_download_reaches_the_tab_that_clicked_when_two_download_at_once(bench: TabBench, site: str) -> None:
    with bench.attached() as one, bench.attached() as two:
        names = {one.page: "at-once-1", two.page: "at-once-2"}
        for page, name in names.items():
            page.goto(f"{site}/?n={name}-{bench.chrome.headless}")
        with one.page.expect_download() as first, two.page.expect_download() as second:
            one.page.click("#attachment")
            two.page.click("#attachment")
        for download, page in ((first.value, one.page), (second.value, two.page)):
            assert download.path().read_bytes() == document(f"{names[page]}-{bench.chrome.headless}")


def test_download_works_when_another_client_was_cut_off(bench: TabBench, site: str) -> None:
    number = f"after-death-{bench.chrome.headless}"
    with bench.attached() as one:
        with bench.attached() as two:
            two.page.goto(site)
            two.endpoint.close()
        one.page.goto(f"{site}/?n={number}")
        with one.page.expect_download() as download:
            one.page.click("#attachment")
        assert download.value.path().read_bytes() == document(number)


def test_command_is_refused_in_words_when_it_would_hurt_the_others(bench: TabBench) -> None:
    with bench.attached() as one:
        session = one.browser.new_browser_cdp_session()
        for act in (
            one.page.context.clear_cookies,
            one.browser.new_context,
            lambda: one.page.context.grant_permissions(["geolocation"]),
            lambda: session.send("Browser.crash"),
            lambda: session.send("Storage.clearDataForOrigin", {"origin": "x", "storageTypes": "all"}),
            lambda: session.send(
                "Target.setAutoAttach", {"autoAttach": True, "waitForDebuggerOnStart": True}
            ),
        ):
            with pytest.raises(PlaywrightError, match="Tabcrew refuses"):
                act()
        assert not one.page.is_closed()


def test_other_tab_lives_when_a_client_wants_it_closed(bench: TabBench) -> None:
    stranger = open_tab(bench.root)
    with bench.attached() as one:
        session = one.browser.new_browser_cdp_session()
        shown = {info["targetId"] for info in session.send("Target.getTargets")["targetInfos"]}
        assert stranger not in shown
        for method in ("Target.closeTarget", "Target.attachToTarget", "Target.activateTarget"):
            with pytest.raises(PlaywrightError, match=stranger):
                session.send(method, {"targetId": stranger})
    assert stranger in {tab.target_id for tab in list_tabs(bench.root)}
    assert close_tab(bench.root, bench.chrome.http_url, stranger)


def test_chrome_and_tab_live_on_when_the_client_closes_its_browser(bench: TabBench) -> None:
    target = open_tab(bench.root)
    attached = attach(bench.playwright, bench.chrome.ws_url, target, bench.downloads)
    attached.browser.close()
    attached.detach()
    assert bench.chrome.is_running()
    again = attach(bench.playwright, bench.chrome.ws_url, target, bench.downloads)
    assert again.page.evaluate("1 + 1") == 2
    again.detach()
    assert close_tab(bench.root, bench.chrome.http_url, target)


def test_stranger_is_refused_when_he_does_not_know_the_path_or_comes_second(bench: TabBench) -> None:
    target = open_tab(bench.root)
    endpoint = TabEndpoint(bench.chrome.ws_url, target)
    url = endpoint.start()
    for wrong in (url.rsplit("/", 3)[0] + "/", url + "x"):
        with pytest.raises(InvalidStatus) as refusal:
            connect(wrong).close()
        assert refusal.value.response.status_code == HTTPStatus.NOT_FOUND
    with connect(url) as first:
        with pytest.raises(InvalidStatus):
            connect(url).close()
        first.send('{"id":1,"method":"Browser.getVersion"}')
        assert "product" in str(first.recv(timeout=5))
    endpoint.close()
    assert close_tab(bench.root, bench.chrome.http_url, target)


def test_client_is_closed_at_once_when_the_tabs_chrome_side_dies(bench: TabBench) -> None:
    with bench.attached() as one:
        one.endpoint.close()
        with pytest.raises(PlaywrightError, match="closed"):
            one.page.evaluate("1")


def test_start_fails_in_words_when_no_chrome_listens(tmp_path: Path) -> None:
    endpoint = TabEndpoint("ws://127.0.0.1:9/devtools/browser/x", "TAB", tmp_path)
    with pytest.raises(EndpointError, match="TAB cannot reach Chrome"):
        endpoint.start()
    endpoint.close()
