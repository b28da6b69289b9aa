"""Which of the twins is in use: the compiled one where it was built, else pure Python.

The hot loops exist twice: in pure Python beside what they belong to, and compiled, with the same
names, in the ``_name.pyx`` beside that ``name.py``. Each pure one asks ``pick`` for its twin, so
the rest of the package imports one name and gets the faster of the two.

``AOFTOOL_PURE=1`` in the environment at import forces the pure ones. This is the one place in the
package, besides the command line, that looks at the environment: the choice has to fall before
anything is scanned, whoever imports the package.
"""

from __future__ import annotations

import importlib
import os
from types import ModuleType
from typing import TypeVar

_T = TypeVar("_T")

#: Every module that has a compiled twin.
TWINNED = (
    "aoftool.format.rdb.listpack",
    "aoftool.format.rdb.lzf",
    "aoftool.format.rdb.primitives",
    "aoftool.format.rdb.walk",
    "aoftool.format.rdb.ziplist",
    "aoftool.format.resp.decode",
    "aoftool.format.resp.replies",
    "aoftool.format.resp.scan",
    "aoftool.keyspace.context",
    "aoftool.keyspace.database",
    "aoftool.keyspace.engine",
    "aoftool.keyspace.hyperloglog.estimate",
    "aoftool.keyspace.hyperloglog.sparse",
    "aoftool.keyspace.numbers",
    "aoftool.keyspace.packed",
    "aoftool.keyspace.rdbmap",
    "aoftool.keyspace.rounds",
)
_PURE = os.environ.get("AOFTOOL_PURE", "0") not in ("", "0")


def twin_of(module: str) -> ModuleType | None:
    """The compiled twin of a module, or None where there is none or it is not wanted."""
    package, _, name = module.rpartition(".")
    if _PURE:
        return None
    try:
        return importlib.import_module(f"{package}._{name}")
    except ImportError:
        return None


def implementation() -> str:
    """What ``aoftool --version`` says of the twins that are in use."""
    if _PURE:
        return "pure Python (AOFTOOL_PURE is set)"
    missing = [module.rpartition(".")[2] for module in TWINNED if twin_of(module) is None]
    if not missing:
        return "compiled"
    if len(missing) == len(TWINNED):
        return "pure Python (the compiled scanner was not built: no C compiler?)"
    return f"compiled, but for {', '.join(missing)}"


def pick(name: str, pure: _T) -> _T:
    """The compiled twin called ``name`` of ``pure``, or ``pure`` where there is none."""
    module = twin_of(pure.__module__)
    twin: _T = pure if module is None else getattr(module, name)
    return twin
