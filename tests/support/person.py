"""A person at a visible Chrome: a second CDP client, which sees the tabs and types into their pages."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chrome_launcher.process_tree import kill_tree, sweep_profile
from chrome_launcher.root_connection import RootConnection
from chrome_launcher.tabs import TabInfo, list_tabs
from tests.support.chrome import chrome_binary
from tests.support.eventually import eventually
from tests.support.portal import PASSWORD, USERNAME

_SIGN_IN = f"""
document.querySelector("#username").value = {USERNAME!r};
document.querySelector("#password").value = {PASSWORD!r};
document.querySelector("button[type=submit]").click();
"""
_ACCEPT_LICENCE = """
document.querySelector("#accept-licence").click();
document.querySelector("#continue").click();
"""


class Person:
    """Looks at the tabs of one Chrome and acts in one of them."""

    def __init__(self, root: RootConnection) -> None:
        self.root = root
        self._sessions: dict[str, str] = {}

    def tabs(self) -> list[TabInfo]:
        return list_tabs(self.root)

    def tab_at(self, part_of_url: str, within_s: float = 15.0, besides: str = "") -> str:
        """The tab whose address holds this text, once there is one."""

        def find() -> str | None:
            tabs = (tab for tab in self.tabs() if part_of_url in tab.url and tab.target_id != besides)
            return next((tab.target_id for tab in tabs), None)

        found = eventually(find, within_s, f"a tab at {part_of_url}")
        assert found is not None
        return found

    def evaluate(self, tab: str, script: str) -> Any:
        """The value of a script on the page of ``tab``, as if its user had done it."""
        if tab not in self._sessions:
            attached = self.root.call("Target.attachToTarget", {"targetId": tab, "flatten": True})
            self._sessions[tab] = attached["sessionId"]
        parameters = {"expression": script, "userGesture": True, "returnByValue": True}
        answer = self.root.call("Runtime.evaluate", parameters, session_id=self._sessions[tab])
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def is_in_front(self, tab: str) -> bool:
        return bool(self.evaluate(tab, "document.visibilityState") == "visible")

    def open(self, url: str) -> str:
        return str(self.root.call("Target.createTarget", {"url": url})["targetId"])

    def close(self, tab: str) -> None:
        self.root.call("Target.closeTarget", {"targetId": tab})

    def sign_in(self, tab: str) -> None:
        """Fill in the demo portal's form in ``tab`` and accept its licence."""
        eventually(lambda: self.evaluate(tab, "!!document.querySelector('#username')"), 10, "the form")
        self.evaluate(tab, _SIGN_IN)
        shows_licence = "location.pathname == '/licence' && document.readyState == 'complete'"
        eventually(lambda: self.evaluate(tab, shows_licence), 10, "the licence page")
        self.evaluate(tab, _ACCEPT_LICENCE)
        eventually(lambda: self.evaluate(tab, "location.pathname == '/inventory'"), 10, "the inventory")

    def download(self, tab: str, name: str) -> None:
        """Save a file that a page makes, as a click on its button would."""
        self.evaluate(
            tab,
            "a = document.createElement('a'); a.href = URL.createObjectURL(new Blob(['Dear Sir']));"
            f"a.download = {name!r}; a.click()",
        )

    def sign_out(self, portal_url: str) -> None:
        """End the demo portal's session, in a tab of the person's own."""
        tab = self.open(f"{portal_url}/inventory")
        eventually(lambda: self.evaluate(tab, "!!document.querySelector('#sign-out')"), 10, "the menu")
        self.evaluate(tab, "document.querySelector('#sign-out').click()")
        eventually(lambda: self.evaluate(tab, "location.pathname == '/login'"), 10, "signed out")
        self.close(tab)


@contextmanager
def person_at(ws_url: str) -> Iterator[Person]:
    root = RootConnection.connect(ws_url)
    try:
        yield Person(root)
    finally:
        root.close()


def chrome_of_run(work_dir: Path) -> str:
    """The websocket of the Chrome that a run started, from the file in its profile."""
    port, path = (work_dir / "profile" / "DevToolsActivePort").read_text().splitlines()
    return f"ws://127.0.0.1:{port}{path}"


@contextmanager
def own_chrome(folder: Path) -> Iterator[str]:
    """A Chrome as a person starts it for others to attach to: the address of its debugging port."""
    profile = folder / "own-profile"
    command = [
        str(chrome_binary().path),
        f"--user-data-dir={profile}",
        "--remote-debugging-port=0",
        *("--headless=new", "--no-sandbox", "--no-first-run", "about:blank"),
    ]
    quiet = subprocess.DEVNULL
    # Its user's home, for what they download.
    environ = os.environ | {"HOME": str(folder)}
    process = subprocess.Popen(command, env=environ, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        port_file = profile / "DevToolsActivePort"
        eventually(lambda: port_file.exists() and "\n" in port_file.read_text(), 20, "Chrome's port")
        yield f"http://127.0.0.1:{port_file.read_text().splitlines()[0]}"
    finally:
        kill_tree(process.pid)
        process.wait()
        sweep_profile(profile)
