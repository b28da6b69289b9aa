"""One round of an event loop from inside one of its callbacks.

While a script runs its server must still answer: that it is busy, and what ends the script. asyncio
has no public way to do that, so this takes the private one that its loops written in Python have
in every release (3.11 to 3.14 were looked at); of another loop it is told that there is none.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast


def pump(loop: asyncio.AbstractEventLoop) -> bool:
    """Have the loop do what can be done now; False: it cannot from here."""
    inner = cast(Any, loop)
    run_once, ready = getattr(inner, "_run_once", None), getattr(inner, "_ready", None)
    if run_once is None or ready is None:
        return False
    # The round that called us has still so many calls to make at most, and takes them blindly.
    still = len(ready)
    loop.call_soon(_nothing)  # with something to do, it does not wait for clients
    run_once()
    while len(ready) < still:
        loop.call_soon(_nothing)
    return True


def _nothing() -> None:
    """A call that does nothing."""
