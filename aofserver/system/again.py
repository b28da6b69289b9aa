"""A process that begins again as the same one (``restartServer`` in debug.c)."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

#: Relative paths among the arguments are meant from here: the server goes to its own folder.
_STARTED_IN = Path.cwd()


def begin_again(delay_s: float) -> None:
    """Become the program that was started, with the same arguments, after a while.

    What is open is closed: Python marks all its descriptors so. Raises OSError.
    """
    time.sleep(delay_s)
    os.chdir(_STARTED_IN)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
