"""Settings files for tests, in a folder of the test's own, loaded without the machine's environment."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from supervisor.settings import Settings, SettingsError, load_settings


def write_settings(folder: Path, text: str = "") -> Path:
    path = folder / "settings.ini"
    path.write_text(text, encoding="utf-8")
    return path


def load(
    folder: Path,
    text: str = "",
    environ: Mapping[str, str] | None = None,
    dotenv: Path | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Settings:
    return load_settings(write_settings(folder, text), environ or {}, dotenv, overrides)


def refusal(
    folder: Path,
    text: str = "",
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> list[str]:
    """The problems that these settings are refused with, the file's own folder cut out of them."""
    with pytest.raises(SettingsError) as caught:
        load(folder, text, environ, None, overrides)
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]
