"""Keeps what a failed attempt looked like: screenshot, page, console, reason; no secrets. Never raises."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from loguru import logger
from playwright.sync_api import Error as PlaywrightError

from tabworker.masking import masked

if TYPE_CHECKING:
    from tabworker.tab import Tab
    from tabworker.trace import Trace

SCREENSHOT_TIMEOUT_S = 3.0
PAGE_TIMEOUT_S = 1.5
MOST_PAGE_CHARACTERS = 2_000_000

_SAFE_PAGE = r"""
html => {
  const secret = /pass|csrf|xsrf|token|nonce|secret|auth|session|sid\b|otp|api.?key/i;
  const inAddress = /([?&;#][^=&#]*(?:pass|csrf|token|secret|auth|session|sid|key)[^=&#]*=)[^&#]*/gi;
  const copy = html.cloneNode(true);
  for (const script of copy.querySelectorAll("script")) script.textContent = "";
  for (const field of copy.querySelectorAll("input, textarea, meta, button")) {
    const names = ["name", "id", "type", "autocomplete", "property", "http-equiv"];
    if (!names.some(name => secret.test(field.getAttribute(name) || "")) && field.type !== "hidden") continue;
    for (const name of ["value", "content"]) if (field.hasAttribute(name)) field.setAttribute(name, "***");
    if (field.tagName === "TEXTAREA") field.textContent = "***";
  }
  for (const node of copy.querySelectorAll("*"))
    for (const attribute of Array.from(node.attributes)) {
      if (/^data-/.test(attribute.name) && secret.test(attribute.name)) attribute.value = "***";
      else if (/^(href|src|action|formaction|content)$/.test(attribute.name))
        attribute.value = attribute.value.replace(inAddress, "$1***");
    }
  return "<!doctype html>\n" + copy.outerHTML;
}
"""


def save_evidence(
    tab: "Tab",
    folder: Path,
    name: str,
    reason: str,
    step: str,
    *,
    page_answers: bool = True,
    secrets: Collection[str] = (),
    trace: "Trace | None" = None,
) -> list[str]:
    """The names of the files written below ``folder``. Takes at most 5 s, also when the page spins.

    ``page_answers`` False: nothing is asked of the page; a screenshot needs its thread as well.
    ``secrets``: values that no text may hold. ``trace``: an ended recording to keep with the rest.
    """
    safe_name = re.sub(r"[^\w.-]+", "_", name).strip("._")[:100] or "failure"
    saved: list[str] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _save_reason(tab, folder / f"{safe_name}.txt", (reason, f"step: {step}"), secrets, saved)
        if page_answers:
            _save_screenshot(tab, folder / f"{safe_name}.png", saved)
            _save_page(tab, folder / f"{safe_name}.html", secrets, saved)
        if trace is not None:
            trace.keep(folder / f"{safe_name}.zip", secrets)
            saved.append(f"{safe_name}.zip")
    except OSError as error:
        logger.bind(event="evidence_not_saved").warning("evidence {} cannot be written: {}", safe_name, error)
    return saved


def _save_reason(
    tab: "Tab", path: Path, said: Collection[str], secrets: Collection[str], saved: list[str]
) -> None:
    lines = [*said, f"page: {tab.page.url}", *(f"dialog: {d}" for d in tab.dialogs)]
    if complaints := tab.page_log.lines():
        lines += ["", "Console and failed requests:", *complaints]
    path.write_text(masked("\n".join(lines), secrets) + "\n", encoding="utf-8", errors="replace")
    saved.append(path.name)


def _save_screenshot(tab: "Tab", path: Path, saved: list[str]) -> None:
    try:
        # A tab in the background may paint nothing new for seconds: 5 of 12 screenshots took more than 3 s.
        tab.page.bring_to_front()
        tab.page.screenshot(path=path, timeout=SCREENSHOT_TIMEOUT_S * 1000)
        saved.append(path.name)
    except PlaywrightError as error:
        _log_missing("screenshot", error)


def _save_page(tab: "Tab", path: Path, secrets: Collection[str], saved: list[str]) -> None:
    try:
        text = tab.page.locator("html").first.evaluate(_SAFE_PAGE, timeout=PAGE_TIMEOUT_S * 1000)
    except PlaywrightError as error:
        _log_missing("page", error)
        return
    text = masked(str(text)[:MOST_PAGE_CHARACTERS], secrets)
    path.write_text(text, encoding="utf-8", errors="replace")
    saved.append(path.name)


def _log_missing(what: str, error: PlaywrightError) -> None:
    logger.bind(event="evidence_missing").debug("no {}: {}", what, error.message.split("\n", 1)[0])
