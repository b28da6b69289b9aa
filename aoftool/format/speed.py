"""Which of the twins is in use: the compiled module where it was built, else pure Python.

``AOFTOOL_PURE=1`` in the environment at import forces the pure one. This is the one place in the
package, besides the command line, that looks at the environment: the choice has to fall before
anything is scanned, whoever imports the package.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from aoftool.format.rdb import walk as _rdb_walk
from aoftool.format.resp import decode as _resp_decode
from aoftool.format.resp import scan as _resp_scan

__all__ = ["COMPILED", "IMPLEMENTATION", "RdbWalker", "RespScanner", "decode_commands_at"]


def _choose() -> tuple[str, bool]:
    if os.environ.get("AOFTOOL_PURE", "0") not in ("", "0"):
        return "pure Python (AOFTOOL_PURE is set)", False
    try:
        import aoftool.format._speed  # noqa: F401
    except ImportError:
        return "pure Python (the compiled scanner was not built: no C compiler?)", False
    return "compiled", True


#: For ``aoftool --version``; and whether the compiled module serves.
IMPLEMENTATION, COMPILED = _choose()

if TYPE_CHECKING or not COMPILED:
    decode_commands_at = _resp_decode.decode_commands_at
    RdbWalker = _rdb_walk.RdbWalker
    RespScanner = _resp_scan.RespScanner
else:
    from aoftool.format._speed import RdbWalker, RespScanner, decode_commands_at
