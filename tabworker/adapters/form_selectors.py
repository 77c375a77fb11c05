"""Turns selectors of the settings into locators: Playwright's own, ``label=…``, and either in a ``frame=…``.

``frame=iframe#main >> text=Report`` is the text inside that frame; several frames lead inwards. CSS and text
reach into open shadow roots by themselves; nothing reaches into closed ones.
"""

import re
import time
from collections.abc import Mapping
from functools import reduce

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import FrameLocator, Locator, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

_FRAME = re.compile(r"\s*frame=(.+?)\s*>>\s*", re.DOTALL)
_LABEL = "label="
_LOOK_MS = 50
_LONGEST_LOOK_MS = 400
"""A busy page answers no look that is shorter than its pauses: each round looks longer."""


def split_frames(selector: str) -> tuple[list[str], str]:
    """The selectors of the frames to enter, outermost first, and what to look for inside."""
    frames: list[str] = []
    while entered := _FRAME.match(selector):
        frames.append(entered.group(1))
        selector = selector[entered.end() :]
    return frames, selector


def root_of(page: Page, selector: str) -> tuple[Page | FrameLocator, str]:
    """Where ``selector`` looks, and what for."""
    frames, inner = split_frames(selector)
    root: Page | FrameLocator = page
    for frame in frames:
        root = root.frame_locator(frame)
    return root, inner


def locate(page: Page, selector: str) -> Locator:
    """All matches. A selector that cannot be understood fails when the locator is used."""
    root, inner = root_of(page, selector)
    if inner.startswith(_LABEL):
        return root.get_by_label(inner.removeprefix(_LABEL).strip().strip("\"'"))
    return root.locator(inner)


def first_of(sights: Mapping[str, Locator], within_s: float, *, in_frames: bool) -> str | None:
    """Wait until one of them is there; its name, the earlier ones first. None when none came in time.

    ``in_frames``: some of them lie in frames. Then they are asked one after the other, as Playwright cannot
    join locators of different frames.
    """
    if in_frames:
        return _first_in_turn(sights, within_s)
    either = reduce(lambda one, other: one.or_(other), sights.values())
    try:
        either.first.wait_for(state="attached", timeout=within_s * 1000)
    except PlaywrightTimeout:
        return None
    return next((name for name, sight in sights.items() if sight.count()), None)


def _first_in_turn(sights: Mapping[str, Locator], within_s: float) -> str | None:
    give_up_at = time.monotonic() + within_s
    look_ms = _LOOK_MS
    while True:
        for place, (name, sight) in enumerate(sights.items()):
            try:
                sight.first.wait_for(state="attached", timeout=look_ms)
            except PlaywrightTimeout:
                continue
            except PlaywrightError as error:
                if "frame" not in error.message.lower():
                    raise
                continue  # its frame is being replaced
            # A look is short, for a page that spins. This one answers, so those before it can be asked for
            # sure: on a busy machine they may only have been slow.
            earlier = list(sights.items())[:place]
            return next((other for other, seen in earlier if _is_there(seen)), name)
        if time.monotonic() >= give_up_at:
            return None
        look_ms = min(2 * look_ms, _LONGEST_LOOK_MS)


def _is_there(sight: Locator) -> bool:
    try:
        return sight.count() > 0
    except PlaywrightError:
        return False  # its frame is being replaced
