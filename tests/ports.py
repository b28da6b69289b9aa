"""Ports for servers that must be told one."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack
from itertools import cycle

#: How far above its own port a cluster node's bus listens.
BUS = 10_000
#: Below those that the kernel gives to whoever asks for any; each worker of xdist has its own.
_FIRST, _EACH = 17_300, 300
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_mine = cycle(range(_FIRST + _WORKER * _EACH, _FIRST + (_WORKER + 1) * _EACH))


def free_port() -> int:
    """A port on which nobody listens, nor on its bus; another one each time, for long."""
    for port in (next(_mine) for _ in range(_EACH)):
        with ExitStack() as stack:
            try:
                for number in (port, port + BUS):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", number))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")
