"""Where values come from: flags, environment, .env, settings.ini. Only this file reads them, judging none."""

import configparser
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import dotenv

from supervisor.settings_errors import Problem, SettingsError

ENVIRONMENT_PREFIX = "TABCREW__"

SEED_NAMES = {
    "MAX_DOWNLOADS": ("run", "limit"),
    "NUM_WORKERS": ("run", "workers"),
    "HEADLESS": ("chrome", "headless"),
    "BLOCK_RESOURCES": ("chrome", "block_resources"),
    "TASK_TIMEOUT": ("watchdog", "task_timeout_s"),
}
"""Short names that work as variables beside ``TABCREW__SECTION__KEY``, which goes before them."""

FLAGS = {
    ("run", "work_dir"): "--work-dir",
    ("run", "workers"): "--workers",
    ("run", "limit"): "--limit",
    ("chrome", "headless"): "--visible/--headless",
}


@dataclass(frozen=True)
class Given:
    """One value as somebody gave it. ``origin`` names the place; relative paths count from ``base``."""

    section: str
    key: str
    value: object
    origin: str
    base: Path

    @property
    def where(self) -> str:
        return f"{self.origin} [{self.section}] {self.key}"


def from_flags(overrides: Mapping[str, object]) -> Iterator[Given]:
    """``overrides``: ``section.key`` → value; None stands for a flag that was not given."""
    for name, value in overrides.items():
        section, _, key = name.partition(".")
        if value is not None:
            yield Given(section, key, value, f"flag {FLAGS.get((section, key), name)}", Path.cwd())


def from_variables(variables: Mapping[str, str], origin: str, base: Path) -> Iterator[Given]:
    """Short names first, so that ``TABCREW__SECTION__KEY`` wins. An empty short name counts as not set."""
    for name, (section, key) in SEED_NAMES.items():
        if variables.get(name, "").strip():
            yield Given(section, key, variables[name].strip(), f"{origin} {name}", base)
    for name, value in variables.items():
        if name.upper().startswith(ENVIRONMENT_PREFIX):
            section, _, key = name[len(ENVIRONMENT_PREFIX) :].lower().partition("__")
            yield Given(section, key, value.strip(), f"{origin} {name}", base)


def read_dotenv(file: Path | None) -> dict[str, str]:
    """The variables of a .env file, none when there is no such file. Raises SettingsError if unreadable."""
    if file is None or not file.is_file():
        return {}
    try:
        found = dotenv.dotenv_values(file, interpolate=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([Problem(str(file), f"cannot be read as UTF-8 text ({error})")]) from error
    return {name: value for name, value in found.items() if value is not None}


def from_ini(file: Path) -> Iterator[Given]:
    """The values of settings.ini. Raises SettingsError when it is missing or is no INI file."""
    parser = configparser.RawConfigParser(
        delimiters=("=",),
        comment_prefixes=(";",),
        inline_comment_prefixes=None,
        strict=True,
        empty_lines_in_values=True,  # else a comment between two entries of a list ends the list
        default_section="",  # else [DEFAULT] silently gives its keys to every section
    )
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their case
    try:
        parser.read_string(_comments_marked(_read_text(file)), source=str(file))
    except configparser.Error as error:
        raise SettingsError([_syntax_problem(file, error)]) from error
    base = file.absolute().parent
    for section in parser.sections():
        for key, value in parser.items(section):
            yield Given(section, key, value.strip(), str(file), base)


def sections_of_ini(file: Path) -> list[str]:
    """Names of all sections, those without keys too, so that a misspelt empty one is refused as well."""
    return re.findall(r"(?m)^\[([^\]\n]+)\]", _read_text(file))


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        hint = (
            "no such settings file: name another with --settings, or copy the settings.ini that Tabcrew ships"
        )
        raise SettingsError([Problem(str(file), hint)]) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problem = Problem(f"{file} line {line}", "is not UTF-8: save the file in UTF-8 encoding")
        raise SettingsError([problem]) from error
    except OSError as error:
        raise SettingsError([Problem(str(file), f"cannot be read ({error.strerror or error})")]) from error


def _comments_marked(text: str) -> str:
    """``#`` begins a comment in the first column only: further in, it begins a selector (``  #continue``)."""
    return re.sub(r"(?m)^#", ";#", text)


def _syntax_problem(file: Path, error: configparser.Error) -> Problem:
    if isinstance(error, configparser.DuplicateOptionError):
        where = f"{file} line {error.lineno} [{error.section}] {error.option}"
        return Problem(where, "stands there twice: keep one of them")
    if isinstance(error, configparser.DuplicateSectionError):
        return Problem(
            f"{file} line {error.lineno} [{error.section}]", "the section stands there twice: join them"
        )
    if isinstance(error, configparser.MissingSectionHeaderError):
        return Problem(f"{file} line {error.lineno}", "expected a [section] before the first key")
    if isinstance(error, configparser.ParsingError):
        lines = ", ".join(str(number) for number, _ in error.errors)
        return Problem(
            f"{file} line {lines}", "expected key = value, [section], or a comment that begins with # or ;"
        )
    return Problem(str(file), f"is no INI file ({error})")
