"""Reads the rows that a page shows now, as texts, by one question to the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Error as PlaywrightError

from tabworker.adapters.form_page import FormPage

# textContent, not innerText, which would follow the style sheet (capitals, hidden columns).
# Rows that were read before, and are still there, are not sent again: a list that grows may be long.
_READ_ROWS = r"""
(rows, [known, anchor, follow]) => {
  const text = cell => cell.textContent.replace(/\s+/g, " ").trim();
  const cells = row => row.children.length ? Array.from(row.children).map(text) : [text(row)];
  const goOn = last => {
    const scrolls = box =>
      box.scrollHeight > box.clientHeight && /auto|scroll/.test(getComputedStyle(box).overflowY);
    let box = last.parentElement;
    while (box && !scrolls(box)) box = box.parentElement;
    last.scrollIntoView({block: "end", behavior: "instant"});
    (box || window).scrollBy({top: (box ? box.clientHeight : innerHeight) * 0.8, behavior: "instant"});
  };
  const link = row => (row.matches("a[href]") ? row : row.querySelector("a[href]"))?.href || "";
  const begin = known && rows.length >= known && text(rows[known - 1]) === anchor ? known : 0;
  const table = rows.length ? rows[0].closest("table, [role=table], [role=grid]") : null;
  const all = table ? Array.from(table.querySelectorAll("tr, [role=row]")) : [];
  const others = all.filter(row => !rows.includes(row));
  const head = others.find(row => row.closest("thead")) || others[0];
  const fresh = rows.slice(begin);
  if (follow && rows.length) goOn(rows[rows.length - 1]);
  return {
    columns: head ? cells(head) : [], rows: fresh.map(cells), links: fresh.map(link),
    count: rows.length, last: rows.length ? text(rows[rows.length - 1]) : "",
  };
}
"""


@dataclass(frozen=True)
class Rows:
    """``links``: of each row the address of its first link, or nothing. ``count`` and ``last`` are of all
    rows that the page shows, also where ``rows`` holds only new ones.
    """

    columns: list[str]
    rows: list[list[str]]
    links: list[str]
    count: int
    last: str

    def only(self, indices: Sequence[int]) -> "Rows":
        rows, links = [self.rows[i] for i in indices], [self.links[i] for i in indices]
        return Rows(self.columns, rows, links, self.count, self.last)


def read_rows(form: FormPage, after: Rows | None = None, *, follow: bool = False) -> Rows:
    """What the page shows; ``after``: without the rows that were there then, if they still are.

    ``follow``: and scrolls on, from the last row that was read, by less than one sees at once. Nothing can
    come between the two, so a list that keeps few rows takes none out that was not read.
    """
    known = [after.count, after.last, follow] if after else [0, "", follow]
    found: dict[str, Any] = form.locate(form.settings.table_row_selector).evaluate_all(_READ_ROWS, known)
    return Rows(**found)


def read_rows_if_any(form: FormPage, after: Rows | None = None, *, follow: bool = False) -> Rows | None:
    """None when there are none, or the page is being replaced while we look."""
    try:
        rows = read_rows(form, after, follow=follow)
    except PlaywrightError:
        return None
    return rows if rows.rows else None
