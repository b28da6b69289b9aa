"""Which twins there are, and that each has what its pure one has."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from aoftool.format import speed

ROOT = Path(__file__).parents[3]


def test_every_compiled_module_is_listed() -> None:
    found = {
        ".".join(path.relative_to(ROOT).with_name(path.stem.removeprefix("_")).parts)
        for path in ROOT.glob("aoftool/**/_*.pyx")
    }
    assert found == set(speed.TWINNED)


@pytest.mark.parametrize("module", speed.TWINNED)
def test_a_twin_has_what_its_pure_one_has(module: str) -> None:
    """Each ``pure_name`` and ``PureName`` has its twin; a class with all public members."""
    twin = speed.twin_of(module)
    if twin is None:
        pytest.skip("not built, or not wanted")
    pure = importlib.import_module(module)
    names = [name for name in vars(pure) if name.startswith(("pure_", "Pure"))]
    assert names
    for name in names:
        held, other = getattr(pure, name), getattr(twin, name[4:].removeprefix("_"))
        assert getattr(pure, name[4:].removeprefix("_")) is other
        assert not isinstance(held, type) or _public(held) <= _public(other)


def _public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def test_what_has_no_twin_stays_as_it_is() -> None:
    def pure_nothing() -> None: ...

    assert speed.pick("nothing", pure_nothing) is pure_nothing


def test_the_line_of_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "_PURE", True)
    assert speed.implementation() == "pure Python (AOFTOOL_PURE is set)"
    assert speed.twin_of("aoftool.format.resp.scan") is None
    monkeypatch.setattr(speed, "_PURE", False)
    monkeypatch.setattr(speed, "TWINNED", ("aoftool.format.a", "aoftool.format.b"))
    assert "was not built" in speed.implementation()
