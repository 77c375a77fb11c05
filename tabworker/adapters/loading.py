"""Finds the adapter that the settings name: "form", or a class of the user's as "module:Class"."""

import importlib
import sys
from pathlib import Path

from tabworker.adapters.base import Adapter
from tabworker.adapters.form import FormAdapter
from tabworker.adapters.form_settings import FormSettings

_VERBS = ("sign_in", "is_signed_in", "list_records", "fetch_document")


class AdapterNotLoaded(Exception):
    """The setting names no adapter that can be used. ``str()`` says what is wrong and what to do."""


def load_adapter(spec: str, settings: FormSettings) -> Adapter:
    """An adapter of one's own is called with the portal's settings, or with nothing if it takes nothing.

    Its module is looked for in the current directory first, then on Python's path.
    """
    if spec == "form":
        return FormAdapter(settings)
    module_name, colon, class_name = spec.partition(":")
    if not (module_name and colon and class_name):
        raise AdapterNotLoaded(f'[portal] adapter = {spec}: expected "form" or "module:Class"')
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise AdapterNotLoaded(
            f"[portal] adapter = {spec}: module {module_name} cannot be imported: {error}"
        ) from error
    maker = getattr(module, class_name, None)
    if not callable(maker):
        raise AdapterNotLoaded(f"[portal] adapter = {spec}: module {module_name} has no class {class_name}")
    missing = [verb for verb in _VERBS if not callable(getattr(maker, verb, None))]
    if missing:
        raise AdapterNotLoaded(f"[portal] adapter = {spec}: {class_name} lacks {', '.join(missing)}")
    adapter: Adapter = maker(settings) if _takes_settings(maker) else maker()
    return adapter


def _takes_settings(maker: object) -> bool:
    initialiser = getattr(maker, "__init__", None)
    code = getattr(initialiser, "__code__", None)
    return code is not None and code.co_argcount > 1
