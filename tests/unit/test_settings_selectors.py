"""Which selectors are refused before a Chrome is started, and that no good one is."""

import pytest

from supervisor.settings_selectors import fault_of
from tests.support.selectors import GOOD, WRONG


@pytest.mark.parametrize("selector", GOOD)
def test_selector_passes_when_it_is_good(selector: str) -> None:
    assert fault_of(selector) is None
    assert fault_of(f'frame=iframe[name="a b"] >> frame=.x >> {selector}') is None


@pytest.mark.parametrize(
    "selector",
    [
        "label=User name",
        'label="Pass word"',
        "label=It's (",
        "frame=#a >> label=Code",
        'text="{ref}"',
        "#{ref}",
    ],
)
def test_selector_passes_when_it_is_one_of_ours(selector: str) -> None:
    assert fault_of(selector) is None


@pytest.mark.parametrize(("selector", "fault"), WRONG.items())
def test_selector_is_refused_when_it_is_wrong(selector: str, fault: str) -> None:
    assert fault_of(selector) == fault
    assert fault_of(f"frame=iframe >> {selector}") == fault


@pytest.mark.parametrize(
    ("selector", "fault"),
    [
        ("label=", "nothing stands behind label="),
        ('label=""', "nothing stands behind label="),
        ("text=", "nothing stands behind text="),
        ("tr >> nth=last", "nth= needs a whole number"),
        ("tr >> visible=yes", "visible= needs true or false"),
        ("frame=[x >> a", "] is missing"),
        ("frame=x >> ", "there is nothing before or behind >>"),
    ],
)
def test_selector_is_refused_when_it_looks_for_nothing(selector: str, fault: str) -> None:
    assert fault_of(selector) == fault
