"""Makes settings.ini and docs/reference/settings.md from the settings' own descriptions: no drift.

python -m supervisor.settings_reference settings.ini > settings.ini
python -m supervisor.settings_reference settings.md > docs/reference/settings.md
"""

import sys
from pathlib import Path

from pydantic.fields import FieldInfo

from supervisor.settings_demo import DEMO_FORM
from supervisor.settings_model import SECTIONS
from supervisor.settings_sources import SEED_NAMES
from supervisor.settings_words import accepted

_INI_HEAD = """\
# The job. As shipped: the demo portal on this machine, so that `python run.py` works at once.
#
# A line that begins with # or ; is a comment. Precedence: flag, environment, .env, this file, default.
# Any key can be set as a variable: TABCREW__SECTION__KEY, for instance TABCREW__RUN__WORKERS=8.
# User name and password do not belong here: TABCREW_USERNAME and TABCREW_PASSWORD, .env, or the keyring.
"""

_MD_HEAD = """\
# Settings

Every key of `settings.ini`. This page is made from the program's own descriptions by
`python -m supervisor.settings_reference settings.md`.

**Order.** Flag, environment, `.env`, `settings.ini`, default: the first that has a value wins. Any key can be
set as a variable `TABCREW__SECTION__KEY`, in the environment or in `.env`. These short names work too:

| variable | key |
|---|---|
{short_names}

**Refused at start**, all problems at once: unknown sections, keys and `TABCREW__…` variables, wrong types,
values out of range, addresses and selectors that cannot be any (a bracket that is never closed, a kind of
selector that does not exist), and values that contradict each other. No time may be longer than 1,000,000
seconds, no number longer than nine digits. Nothing is started or changed; the exit code is 2.

**Secrets** are never read from `settings.ini`: see [command line](command-line.md#credentials).

**Paths** count from the folder of the file that holds them, flags and variables from the current one.

**Lists** (`block_types`, `consent_selectors`, `document_names`, …) have commas between their entries, or
one entry a line, indented. A `#` begins a comment in the first column only, so an indented `#continue` is a
selector.

**Selectors** are Playwright's (`#id`, `text=Download`, `role=button[name="Report"]`), and besides
`label=User name` for the field with that label. `frame=iframe#main >> text=Download` looks inside a frame,
`frame=… >> frame=… >> …` inside a frame of a frame. CSS reaches into open shadow roots by itself.

**The demo** column of `[portal]` holds while `url = demo`; the default is for every other portal.
"""


def settings_ini() -> str:
    """The shipped settings.ini: every key once, with its reason and its default value."""
    parts = [_INI_HEAD]
    for name, model in SECTIONS.items():
        parts.append(f"\n# {model.__doc__}\n[{name}]")
        for key, field in model.model_fields.items():
            value = DEMO_FORM[key] if name == "portal" and key in DEMO_FORM else _ini_text(field.default)
            parts.append(f"# {field.description}\n{key} = {value}".rstrip())
    return "\n".join(parts) + "\n"


def settings_md() -> str:
    """The reference page: a table per section."""
    short_names = "\n".join(
        f"| `{name}` | `[{section}] {key}` |" for name, (section, key) in SEED_NAMES.items()
    )
    parts = [_MD_HEAD.format(short_names=short_names)]
    for name, model in SECTIONS.items():
        with_demo = name == "portal"
        parts.append(f"\n## [{name}]\n\n{model.__doc__}\n")
        parts.append("| key | default |" + (" demo |" if with_demo else "") + " accepts | what it is for |")
        parts.append("|---|---|---|---|" + ("---|" if with_demo else ""))
        parts += [_md_row(key, field, with_demo) for key, field in model.model_fields.items()]
    return "\n".join(parts) + "\n"


def _md_row(key: str, field: FieldInfo, with_demo: bool) -> str:
    cells = [f"`{key}`", _code(_ini_text(field.default))]
    if with_demo:
        cells.append(_code(DEMO_FORM.get(key, "")))
    cells += [accepted(field), (field.description or "").replace("|", "\\|")]
    return "| " + " | ".join(cells) + " |"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _ini_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(value)
    return value.as_posix() if isinstance(value, Path) else str(value)


if __name__ == "__main__":
    makers = {"settings.ini": settings_ini, "settings.md": settings_md}
    if len(sys.argv) != 2 or sys.argv[1] not in makers:
        sys.exit(f"usage: python -m supervisor.settings_reference {{{'|'.join(makers)}}}")
    sys.stdout.buffer.write(makers[sys.argv[1]]().encode())
