"""What a key accepts, in words: the same words for the error message and for the reference."""

from pathlib import Path
from types import UnionType
from typing import Literal, Union, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo


def accepted(field: FieldInfo) -> str:
    """What ``field`` accepts: ``a whole number from 1 to 64``, ``true or false``, ``one of …``."""
    kind = field.annotation
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(str(choice) for choice in get_args(kind))
    if kind is bool:
        return "true or false"
    if kind is int:
        return "a whole number" + _limits(field)
    if kind is float:
        return "a number" + _limits(field)
    if get_origin(kind) is tuple and get_origin(get_args(kind)[0]) is Literal:
        return "any of " + ", ".join(get_args(get_args(kind)[0]))
    if get_origin(kind) is tuple:
        return "several texts, one a line or with commas between them"
    if kind is Path or _is_optional_path(kind):
        return "a path" if kind is Path else "a path, or empty"
    return "a text that is not empty" if _has(field, annotated_types.MinLen) else "a text"


def _limits(field: FieldInfo) -> str:
    least = next((rule.ge for rule in field.metadata if isinstance(rule, annotated_types.Ge)), None)
    most = next((rule.le for rule in field.metadata if isinstance(rule, annotated_types.Le)), None)
    above = next((rule.gt for rule in field.metadata if isinstance(rule, annotated_types.Gt)), None)
    if least is not None and most is not None:
        return f" from {least} to {most}"
    if above is not None:
        return f" greater than {above}"
    return "" if least is None else f", {least} or more"


def _is_optional_path(kind: object) -> bool:
    return get_origin(kind) in (Union, UnionType) and Path in get_args(kind)


def _has(field: FieldInfo, rule_type: type) -> bool:
    return any(isinstance(rule, rule_type) for rule in field.metadata)
