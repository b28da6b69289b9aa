"""The layer law of CONTRIBUTING.md, read off the imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: From the ground up; a module imports only from its own layer or from those before it.
LAYERS = ["aoftool.errors", "aoftool.format", "aoftool.keyspace", "aoftool.ops", "aoftool.cli"]
#: Modules of the standard library that touch the world; ``format`` and ``keyspace`` are pure.
WORLD = {
    "os", "sys", "io", "socket", "time", "datetime", "random", "secrets", "logging", "pathlib",
    "subprocess", "asyncio", "threading", "shutil", "tempfile", "signal", "select",
}  # fmt: skip
#: speed.py looks at AOFTOOL_PURE, faces.py at the module table: see their docstrings.
EXEMPT = {
    "aoftool.format.speed": {"os"},
    "aoftool.format.faces": {"sys"},
}
#: What a replay of plain commands by a plain socket never needs, and would wait for: each other
#: import stands at the top.
LATE = {
    "aoftool.ops.replay.link": ["aoftool.ops.replay.secure"],
    "aoftool.ops.replay.planning": ["aoftool.ops.replay.keyforms"],
    "aoftool.ops.replay.translation": ["aoftool.keyspace.payload"],
}
#: What aofserver may use of aoftool.
SERVER_MAY = (
    "aoftool.errors",
    "aoftool.format",
    "aoftool.keyspace",
    "aoftool.ops.safefile",
    "aoftool.ops.filesystem",
)


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for package in ("aoftool", "aofserver"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts).removesuffix(".__init__")
            yield name, ast.parse(path.read_text())


MODULES = dict(_modules())


def _imports(tree: ast.AST) -> Iterator[tuple[str, ast.stmt]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            yield node.module or "", node


def _imported_for_hints(tree: ast.Module) -> list[ast.stmt]:
    """Imports under ``if TYPE_CHECKING``: a type's name is not its use."""
    return [
        inner
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in node.body
    ]


def _called(tree: ast.Module) -> set[str]:
    """Names that are called as functions."""
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {function.id for function in calls if isinstance(function, ast.Name)}


def _layer(name: str) -> int:
    found = [i for i, layer in enumerate(LAYERS) if name == layer or name.startswith(layer + ".")]
    return found[0] if found else -1


def test_there_is_something_to_test() -> None:
    assert {_layer(name) for name in MODULES} >= {0, 1, 2, 3, 4}


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_to_the_ground(name: str) -> None:
    for imported, _ in _imports(MODULES[name]):
        assert not (name.startswith("aoftool") and imported.startswith("aofserver")), imported
        if name.startswith("aofserver") and imported.startswith("aoftool"):
            assert imported == "aoftool" or imported.startswith(SERVER_MAY), imported
        if _layer(name) >= 0 and imported.startswith("aoftool."):
            assert _layer(imported) <= _layer(name), imported


#: A command's handler takes the context, and the context has the table of commands.
MUTUAL = ("aoftool.keyspace.context", "aoftool.keyspace.command")


def _needs(name: str) -> set[str]:
    """The modules of ours that one imports, also for hints alone."""
    found = set()
    for module, node in _imports(MODULES[name]):
        inner = node.names if isinstance(node, ast.ImportFrom) else []
        named = {f"{module}.{alias.name}" for alias in inner} & MODULES.keys()
        found |= named or {module} & MODULES.keys()
    return found


def test_no_imports_go_in_circles() -> None:
    graph = {name: _needs(name) for name in MODULES}
    graph[MUTUAL[0]].remove(MUTUAL[1])
    list(TopologicalSorter(graph).static_order())  # raises CycleError, which names the circle


@pytest.mark.parametrize("name", [name for name in MODULES if _layer(name) in (1, 2)])
def test_format_and_keyspace_are_pure(name: str) -> None:
    hints = _imported_for_hints(MODULES[name])
    used = {imported.partition(".")[0] for imported, node in _imports(MODULES[name])
            if node not in hints}  # fmt: skip
    assert not (used & WORLD) - EXEMPT.get(name, set())
    assert not _called(MODULES[name]) & {"print", "open", "input"}


@pytest.mark.parametrize("name", [name for name in MODULES if _layer(name) in (0, 1, 2, 3)])
def test_no_import_hides_in_a_function(name: str) -> None:
    inside = [
        imported
        for node in ast.walk(MODULES[name])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for imported, _ in _imports(node)
    ]
    assert inside == LATE.get(name, [])


@pytest.mark.parametrize("name", [name for name in MODULES if _layer(name) == 3])
def test_only_the_command_line_reads_the_environment_and_prints(name: str) -> None:
    text = ast.unparse(MODULES[name])
    assert "environ" not in text
    assert "getenv" not in text
    assert "sys.exit" not in text
    assert "print" not in _called(MODULES[name])
