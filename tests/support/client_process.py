"""A second client of the same Chrome in a process of its own, so that it can be killed as workers are."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import multiprocess

from chrome_launcher.process_tree import ProcessIdentity, kill_tree

_SPAWN = multiprocess.get_context("spawn")
_READY_WITHIN_S = 30.0


@contextmanager
def attached_client(browser_ws_url: str, target_id: str | None, downloads: Path) -> Iterator[None]:
    """Attached when it is given; killed with its driver at the end. ``target_id`` None: attached as the naive
    crew is.
    """
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(
        target=_hold_a_tab, args=(theirs, browser_ws_url, target_id, downloads), daemon=True
    )
    process.start()
    theirs.close()
    identity = ProcessIdentity.of(process.pid)
    assert identity is not None
    try:
        assert ours.poll(_READY_WITHIN_S), "the second client does not attach"
        ours.recv()
        yield
    finally:
        kill_tree(identity, within_s=5)
        process.join()
        ours.close()


def _hold_a_tab(talk: Any, browser_ws_url: str, target_id: str | None, downloads: Path) -> None:
    from playwright.sync_api import sync_playwright

    from tabworker.attach import attach
    from tests.naive.attach import plain_attach

    with sync_playwright() as playwright:
        if target_id is None:
            held: object = plain_attach(playwright, browser_ws_url, downloads)
        else:
            held = attach(playwright, browser_ws_url, target_id, downloads)
        talk.send("ready")
        talk.recv()  # for ever: nothing is ever sent
        del held
