"""Playwright itself on the selectors by which the settings' check is tested: that check must not err."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from tabworker.adapters.form_selectors import locate
from tests.support.form_bench import form_bench, fresh_tab
from tests.support.selectors import GOOD, WRONG


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("bench")
    with form_bench(folder) as bench, fresh_tab(bench, folder / "captured") as tab:
        tab.step("look", within_s=5)
        yield tab.page


@pytest.mark.parametrize("selector", GOOD)
def test_selector_is_understood_when_the_settings_pass_it(page: Page, selector: str) -> None:
    assert locate(page, selector).count() >= 0


@pytest.mark.parametrize("selector", WRONG)
def test_selector_is_not_understood_when_the_settings_refuse_it(page: Page, selector: str) -> None:
    with pytest.raises(PlaywrightError, match=r"selector|Selector|engine|querySelector|evaluate"):
        locate(page, selector).count()
