"""What the system keeps of this process: its title, and its score for the want of memory."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from pathlib import Path

_SELF = Path("/proc/self")
#: Fields of ``/proc/self/stat`` behind the name, from the third one on, that say where the
#: arguments of the process lie (proc(5): arg_start and arg_end are the 48th and the 49th).
_ARGUMENTS = slice(45, 47)
_MAX_NAME = 15


def set_title(text: str) -> None:
    """Have ps show this, as far as there is room where the arguments stood, and top its first word.

    Where the system does not tell that place, nothing happens.
    """
    with suppress(OSError, ValueError):
        start, end = _place()
        data = text.encode("utf-8", "surrogateescape")[: end - start - 1]
        ctypes.memmove(start, data.ljust(end - start, b"\0"), end - start)
        (_SELF / "comm").write_text(text.split(" ", 1)[0][:_MAX_NAME])


def _place() -> tuple[int, int]:
    """Where the arguments of the process begin and end. Raises OSError, ValueError."""
    fields = (_SELF / "stat").read_text().rpartition(")")[2].split()[_ARGUMENTS]
    start, end = map(int, fields)
    if not 0 < start < end:
        raise ValueError("the system does not tell where the arguments are")
    return start, end


def oom_score() -> int:
    """How ready the kernel is to end this process when memory is short; 0 where it does not say."""
    try:
        return int((_SELF / "oom_score_adj").read_text())
    except (OSError, ValueError):
        return 0


def set_oom_score(score: int) -> None:
    """From -1000 to 1000. Raises OSError: only who may do everything may lower it."""
    (_SELF / "oom_score_adj").write_text(str(score))
