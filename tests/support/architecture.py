"""Reads the imports of a source tree with ast and says which of them DESIGN §11 does not draw."""

import ast
import graphlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOMS = ("run", "supervisor", "tabworker", "chrome_launcher", "demo_portal", "adapter_kit")
OUTSIDE = ("tests", "benchmarks", "docs")
ARROWS = {
    "run": {"supervisor"},
    "supervisor": {"tabworker", "chrome_launcher"},
    "tabworker": set[str](),
    "chrome_launcher": set[str](),
    "demo_portal": set[str](),
    "adapter_kit": {"tabworker", "chrome_launcher"},
}
"""Room → the other rooms that it may import."""

DOOR = "supervisor.cli"
BEHIND_THE_DOOR = ("demo_portal", "adapter_kit")
"""Rooms that only the command line opens."""

LEAVES = {"tabworker.messages": {"tabworker.failures"}}
"""Module → the only modules of this project that it may import."""


@dataclass(frozen=True)
class Import:
    """One arrow. ``type_only``: it stands under TYPE_CHECKING, so no program ever follows it."""

    importer: str
    imported: str
    line: int
    type_only: bool

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported}"


class Tree:
    """All modules of the rooms below ``root``."""

    def __init__(self, root: Path) -> None:
        self.files = {_dotted(path, root): path for path in _source_files(root)}
        self._parsed = {name: ast.parse(path.read_bytes()) for name, path in self.files.items()}
        self.imports = [arrow for name in self.files for arrow in self._imports_of(name)]

    def forbidden(self) -> list[str]:
        return [str(arrow) for arrow in self.imports if not _is_drawn(arrow)]

    def without_docstring(self) -> list[str]:
        return [name for name, parsed in self._parsed.items() if not ast.get_docstring(parsed)]

    def cycle(self) -> list[str]:
        """An import cycle that a program would follow, imports inside functions included; empty if none."""
        graph: dict[str, set[str]] = {name: set() for name in self.files}
        for arrow in self.imports:
            if not arrow.type_only and arrow.imported in self.files:
                graph[arrow.importer] |= {arrow.imported, *self._packages_run_by(arrow)}
        try:
            graphlib.TopologicalSorter(graph).prepare()
        except graphlib.CycleError as error:
            return list(error.args[1])
        return []

    def _packages_run_by(self, arrow: Import) -> Iterator[str]:
        """``import a.b.c`` runs a and a.b first, unless the importer lies in them and they run already."""
        parts = arrow.imported.split(".")
        for end in range(1, len(parts)):
            package = ".".join(parts[:end])
            if package in self.files and not f"{arrow.importer}.".startswith(f"{package}."):
                yield package

    def _imports_of(self, name: str) -> Iterator[Import]:
        package = name if self.files[name].name == "__init__.py" else name.rpartition(".")[0]
        for node, type_only in _walk(self._parsed[name], type_only=False):
            for imported in self._targets(node, package):
                if imported.partition(".")[0] in (*ROOMS, *OUTSIDE):
                    yield Import(name, imported, node.lineno, type_only)

    def _targets(self, node: ast.stmt | ast.expr, package: str) -> Iterator[str]:
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = _absolute(module or "", level, package)
                for alias in names:
                    member = f"{base}.{alias.name}"
                    yield member if member in self.files else base
            case ast.Call(
                func=ast.Name(id="__import__") | ast.Attribute(attr="import_module"), args=[first, *_]
            ):
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value


def _is_drawn(arrow: Import) -> bool:
    source, target = arrow.importer.partition(".")[0], arrow.imported.partition(".")[0]
    if arrow.importer in LEAVES:
        return arrow.imported in LEAVES[arrow.importer]
    if source == target or target in ARROWS[source]:
        return True
    return target in BEHIND_THE_DOOR and f"{arrow.importer}.".startswith(f"{DOOR}.")


def _walk(node: ast.AST, *, type_only: bool) -> Iterator[tuple[ast.stmt | ast.expr, bool]]:
    """Every statement and expression, with whether it stands under ``if TYPE_CHECKING``."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.expr):
            yield child, type_only
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for statement in child.body:
                yield statement, True
                yield from _walk(statement, type_only=True)
            for statement in child.orelse:
                yield statement, type_only
                yield from _walk(statement, type_only=type_only)
        else:
            yield from _walk(child, type_only=type_only)


def _absolute(module: str, level: int, package: str) -> str:
    if level == 0:
        return module
    base = ".".join(package.split(".")[: len(package.split(".")) - level + 1])
    return f"{base}.{module}" if module else base


def _source_files(root: Path) -> Iterator[Path]:
    for room in ROOMS:
        if (door := root / f"{room}.py").is_file():
            yield door
        yield from sorted((root / room).rglob("*.py"))


def _dotted(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
