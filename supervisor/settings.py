"""The settings of a run, from five sources: flag, environment, .env, settings.ini, default, in this order.

All or nothing: either every value of every source is good, or SettingsError lists everything that is wrong.
"""

from collections.abc import Mapping
from pathlib import Path

from supervisor.settings_addresses import DEMO_URL
from supervisor.settings_checks import check_across, check_section
from supervisor.settings_demo import DEMO_FORM
from supervisor.settings_errors import SettingsError
from supervisor.settings_model import SECTIONS, Settings
from supervisor.settings_sections import RunSettings, Section
from supervisor.settings_sources import (
    Given,
    from_flags,
    from_ini,
    from_variables,
    read_dotenv,
    sections_of_ini,
)
from supervisor.settings_unknown import sort_out, unknown_empty_sections

__all__ = ["Settings", "SettingsError", "load_settings"]


def load_settings(
    file: Path,
    environ: Mapping[str, str],
    dotenv: Path | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Settings:
    """The settings, or SettingsError with every problem.

    ``overrides``: what flags say, ``section.key`` → value; None is no override. Relative paths count from the
    folder of the file that holds them, those of flags and environment from the current one.
    """
    given = [
        *from_ini(file),
        *from_variables(read_dotenv(dotenv), str(dotenv), (dotenv or file).absolute().parent),
        *from_variables(environ, "environment", Path.cwd()),
        *from_flags(overrides or {}),
    ]
    known, problems = sort_out(given)
    problems += unknown_empty_sections(sections_of_ini(file), given, str(file))
    # The list runs from the weakest source to the strongest, so the last one given wins.
    winners = {(one.section, one.key): one for one in known}
    _add_dependent_defaults(winners, file.absolute().parent)
    sections: dict[str, Section] = {}
    for name, model in SECTIONS.items():
        section, found = check_section(name, model, winners)
        problems += found
        if section is not None:
            sections[name] = section
    problems += check_across(sections, winners)
    if problems:
        raise SettingsError(problems)
    return Settings(**sections)  # type: ignore[arg-type]  # one of each class, by the table of SECTIONS


def _add_dependent_defaults(winners: dict[tuple[str, str], Given], base: Path) -> None:
    """Defaults that hang on something: the demo portal's own form, and the folder that paths count from."""
    portal = winners.get(("portal", "url"))
    if portal is None or portal.value == DEMO_URL:
        for key, value in DEMO_FORM.items():
            winners.setdefault(("portal", key), Given("portal", key, value, "the demo's default", base))
    work_dir = RunSettings.model_fields["work_dir"].default
    winners.setdefault(("run", "work_dir"), Given("run", "work_dir", work_dir, "default", base))
