"""Which tabs of a Chrome are nobody's."""

import pytest

from chrome_launcher.tabs import TabInfo
from tests.rehearsal.stray_tabs import without_owner


def tab(name: str, opener: str | None = None) -> TabInfo:
    return TabInfo(name, "about:blank", opener)


FIRST, ONE, TWO = tab("first"), tab("one"), tab("two")


@pytest.mark.parametrize(
    ("tabs", "strays"),
    [
        ([FIRST, ONE, TWO], 0),
        ([FIRST, ONE], 0),
        ([FIRST, ONE, TWO, tab("popup", "two")], 0),
        ([FIRST, ONE, TWO, tab("three")], 1),
        ([FIRST, ONE, TWO, tab("popup", "dead")], 1),
        ([FIRST, ONE, tab("popup", "dead"), tab("popup of it", "popup")], 1),
    ],
)
def test_tab_has_no_owner_when_no_worker_and_no_opener_is_left(tabs: list[TabInfo], strays: int) -> None:
    assert without_owner(tabs, workers=2) == strays
