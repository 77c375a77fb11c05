"""Types, limits and contradictions: what is wrong with the values of known keys."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_origin
from urllib.parse import urlsplit

from pydantic import ValidationError

from supervisor.settings_errors import Problem
from supervisor.settings_portal import PortalSettings
from supervisor.settings_sections import ChromeSettings, Section, WatchdogSettings
from supervisor.settings_sources import Given
from supervisor.settings_words import accepted

Winners = Mapping[tuple[str, str], Given]
"""For each (section, key) that was given: the value of the strongest source."""

PATH_KEYS = (("run", "work_dir"), ("portal", "inventory_file"))


def check_section(name: str, model: type[Section], winners: Winners) -> tuple[Section | None, list[Problem]]:
    """The section when its values have the right types and limits, and what is wrong with them."""
    given = {key: one for (section, key), one in winners.items() if section == name}
    faults = {key: fault for key, one in given.items() if (fault := _fault_of_text(model, key, one))}
    problems = [_problem(name, key, fault, winners) for key, fault in faults.items()]
    values = {key: _value(one) for key, one in given.items() if key not in faults}
    try:
        section = model.model_validate(values)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            key = str(detail["loc"][0])
            own_words = detail.get("ctx", {}).get("error")
            expected = str(own_words) if own_words else f"expected {accepted(model.model_fields[key])}"
            problems.append(_problem(name, key, expected + _comment_hint(winners.get((name, key))), winners))
    if problems:
        return None, problems
    against = section.contradictions()
    return section, [_problem(name, key, expected, winners, section) for key, expected in against]


def check_across(sections: Mapping[str, Section], winners: Winners) -> Iterator[Problem]:
    """What the values of different sections have against each other."""
    yield from _blocks_the_portal(sections.get("chrome"), sections.get("portal"), winners)
    watchdog, portal, chrome = (sections.get(name) for name in ("watchdog", "portal", "chrome"))
    if not isinstance(watchdog, WatchdogSettings) or not isinstance(portal, PortalSettings):
        return
    headless = winners.get(("chrome", "headless"))
    attached = isinstance(chrome, ChromeSettings) and chrome.attach
    if portal.by_hand and not attached and headless is not None and headless.value is True:
        # Only the flag gives a bool. In a file it is the shipped default, which sign_in = manual overrules.
        expected = "cannot be with [portal] sign_in = manual: nobody would see the page to sign in on"
        yield Problem(headless.where, expected)
    for key in ("task_timeout_s", "inventory_timeout_s"):
        if getattr(watchdog, key) <= portal.step_timeout_s:
            expected = (
                f"must be more than [portal] step_timeout_s ({portal.step_timeout_s:g}), "
                "or a worker is killed where a single step would have timed out"
            )
            yield _problem("watchdog", key, expected, winners, watchdog)


def _blocks_the_portal(chrome: Section | None, portal: Section | None, winners: Winners) -> Iterator[Problem]:
    if not isinstance(chrome, ChromeSettings) or not isinstance(portal, PortalSettings):
        return
    host = urlsplit(portal.url).hostname or ""
    for blocked in chrome.block_hosts:
        if host == blocked or host.endswith(f".{blocked}"):
            expected = f"must not name the portal's own host ({host}): it could not be asked for anything"
            yield _problem("chrome", "block_hosts", expected, winners, chrome)


def _fault_of_text(model: type[Section], key: str, one: Given) -> str | None:
    """What is wrong with a value before it is anything but a text."""
    if _runs_on(model, key, one):
        return "expected one line: the line below it is indented, so it counts as a part of this value"
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", str(one.value)):
        return "expected a text without control characters"
    if (one.section, one.key) in PATH_KEYS and _home_is_unknown(str(one.value)):
        return "expected a path: nobody here has the home folder at its beginning"
    return None


def _home_is_unknown(path: str) -> bool:
    try:
        Path(path).expanduser()
    except RuntimeError:
        return True
    return False


def _runs_on(model: type[Section], key: str, one: Given) -> bool:
    """To an INI reader an indented key is a second line of the one above; only lists have several lines."""
    return "\n" in str(one.value) and get_origin(model.model_fields[key].annotation) is not tuple


def _value(one: Given) -> object:
    if (one.section, one.key) not in PATH_KEYS or one.value == "":
        return one.value
    return one.base / Path(str(one.value)).expanduser()


def _comment_hint(one: Given | None) -> str:
    late_comment = one is not None and re.search(r"\S\s+[#;]", str(one.value))
    return " (a comment needs a line of its own)" if late_comment else ""


def _problem(
    section: str, key: str, expected: str, winners: Winners, checked: Section | None = None
) -> Problem:
    one = winners.get((section, key))
    if one is not None:
        return Problem(one.where, expected, str(one.value))
    return Problem(f"default [{section}] {key}", expected, str(getattr(checked, key, "")))
