"""The script or function that runs, and what others are told meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: ``redis.set_repl``: whether the AOF, and whether replicas get what the script does.
REPL_NONE, REPL_AOF, REPL_ALL = 0, 1, 3


@dataclass(slots=True)
class Running:
    """The script or function that runs.

    Attributes:
        name: the script's SHA-1, or the function's name; is_function: which of the two.
        command: the call as it came, and started_ms: its Unix time in ms, for FUNCTION STATS.
        wrote: it has changed data; it cannot be killed any more.
        killed: it is to stop.
        replicates: ``redis.set_repl``.
    """

    name: bytes
    is_function: bool
    command: Sequence[bytes]
    started_ms: int = 0
    wrote: bool = False
    killed: bool = False
    replicates: int = REPL_ALL


def busy(running: Running) -> bytes:
    """The error for who comes while a script runs (``shared.slowscripterr``)."""
    return b"BUSY Redis is busy running a script. You can only call %b KILL or SHUTDOWN NOSAVE." % (
        b"FUNCTION" if running.is_function else b"SCRIPT"
    )
