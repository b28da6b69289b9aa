"""Which of the twins is in use: the compiled module where it was built, else pure Python.

The hot loops of this package exist twice: in pure Python beside what they belong to, and compiled
in ``_speed.pyx``. Each pure one asks ``pick`` for its twin, so the rest of the package imports one
name and gets the faster of the two.

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


def _load() -> tuple[ModuleType | None, str]:
    if os.environ.get("AOFTOOL_PURE", "0") not in ("", "0"):
        return None, "pure Python (AOFTOOL_PURE is set)"
    try:
        return importlib.import_module("aoftool.format._speed"), "compiled"
    except ImportError:
        return None, "pure Python (the compiled scanner was not built: no C compiler?)"


#: The compiled module or None, and what ``aoftool --version`` says of it.
_compiled, IMPLEMENTATION = _load()
COMPILED = _compiled is not None


def pick(name: str, pure: _T) -> _T:
    """The compiled twin called ``name``, or ``pure`` where there is no compiled module."""
    twin: _T = pure if _compiled is None else getattr(_compiled, name)
    return twin
