"""Writes the starting files of an adapter: the adapter and its test, under the name that is asked for."""

import keyword
import sys
from pathlib import Path

_STARTING_POINT = Path(__file__).parent / "starting_point"
_MODULE = "my_portal"
_CLASS = "MyPortal"


class ScaffoldRefused(Exception):
    """Nothing was written; ``str()`` says why."""


def class_name(module: str) -> str:
    """``my_portal`` → ``MyPortal``."""
    return "".join(part[:1].upper() + part[1:] for part in module.split("_"))


def write_starting_files(module: str, folder: Path) -> list[Path]:
    """Write ``module``.py and its test into ``folder``. Raises ScaffoldRefused, OSError."""
    _check_name(module)
    files = {folder / f"{module}.py": f"{_MODULE}.py", folder / f"test_{module}.py": f"test_{_MODULE}.py"}
    taken = [path.name for path in files if path.exists()]
    if taken:
        raise ScaffoldRefused(f"there already: {', '.join(taken)}; nothing was written. Choose another name")
    for path, original in files.items():
        text = (_STARTING_POINT / original).read_text("utf-8")
        text = text.replace(f"{__package__}.starting_point.{_MODULE}", _MODULE)
        text = text.replace(_MODULE, module).replace(_CLASS, class_name(module))
        text = _with_sorted_imports(text)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    return list(files)


def _with_sorted_imports(text: str) -> str:
    """The new name may belong elsewhere in its block of imports, all of which are of one line."""
    blocks = text.split("\n\n")
    for number, block in enumerate(blocks):
        lines = block.split("\n")
        if all(line.startswith("from ") and not line.endswith("(") for line in lines):
            blocks[number] = "\n".join(sorted(lines))
    return "\n\n".join(blocks)


def _check_name(module: str) -> None:
    if not module.isidentifier() or keyword.iskeyword(module) or not module.isascii():
        raise ScaffoldRefused(
            f"{module!r} cannot be a module's name: nothing was written. Use letters, digits and _, "
            "a letter first: my_portal"
        )
    if module in sys.stdlib_module_names:
        raise ScaffoldRefused(
            f"{module!r} is a module of Python's own: nothing was written. Choose another name"
        )
