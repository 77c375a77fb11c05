"""Finds the adapter that the settings name: "form", or a class of the user's as "module:Class"."""

import importlib
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import cast

from tabworker.adapters.base import Adapter
from tabworker.adapters.form import FormAdapter
from tabworker.adapters.form_settings import FormSettings

_VERBS = ("sign_in", "is_signed_in", "list_records", "fetch_document")


class AdapterNotLoaded(Exception):
    """The setting names no adapter that can be used. ``str()`` says what is wrong and what to do."""


def load_adapter(spec: str, settings: FormSettings) -> Adapter:
    """The adapter that ``spec`` names, made with ``settings``. Raises AdapterNotLoaded."""
    if spec == "form":
        return FormAdapter(settings)
    maker = load_maker(spec)
    try:
        return make_adapter(maker, settings)
    except Exception as error:
        raise AdapterNotLoaded(
            f"[portal] adapter = {spec}: it cannot be made: {_what_and_where(error)}"
        ) from error


def load_maker(spec: str) -> Callable[..., Adapter]:
    """The class of an adapter of one's own. Raises AdapterNotLoaded.

    Its module is looked for in the current directory first, then on Python's path.
    """
    module_name, colon, class_name = spec.partition(":")
    if not (module_name and colon and class_name):
        raise AdapterNotLoaded(f'[portal] adapter = {spec}: expected "form" or "module:Class"')
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise AdapterNotLoaded(
            f"[portal] adapter = {spec}: module {module_name} cannot be imported: {_what_and_where(error)}"
        ) from error
    maker = getattr(module, class_name, None)
    if not callable(maker):
        raise AdapterNotLoaded(f"[portal] adapter = {spec}: module {module_name} has no class {class_name}")
    missing = [verb for verb in _VERBS if not callable(getattr(maker, verb, None))]
    if missing:
        raise AdapterNotLoaded(f"[portal] adapter = {spec}: {class_name} lacks {', '.join(missing)}")
    return cast(Callable[..., Adapter], maker)


def make_adapter(maker: Callable[..., Adapter], settings: FormSettings) -> Adapter:
    """An adapter is made with the portal's settings, or with nothing if it takes nothing."""
    return maker(settings) if _takes_settings(maker) else maker()


def _what_and_where(error: Exception) -> str:
    """``NameError: name 'x' is not defined (my_portal.py:12)``: people's modules fail as they like."""
    if isinstance(error, ImportError):
        return str(error)
    if isinstance(error, SyntaxError):
        return f"SyntaxError: {error}"  # it names file and line itself
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({last.filename}:{last.lineno})"


def _takes_settings(maker: object) -> bool:
    initialiser = getattr(maker, "__init__", None)
    code = getattr(initialiser, "__code__", None)
    return code is not None and code.co_argcount > 1
