"""Drives a RespScanner over a Window: what checking and looking behind damage share."""

from __future__ import annotations

from collections.abc import Callable

from aoftool.format.resp.scan import Kind, RespScanner, Status
from aoftool.keyspace.catalog import commands
from aoftool.ops.check.options import Level
from aoftool.ops.window import Window

_KINDS = {b"SELECT": Kind.SELECT, b"MULTI": Kind.MULTI, b"EXEC": Kind.EXEC}


def new_scanner(level: Level) -> RespScanner:
    """A scanner that knows the command table; at level FRAMING any arity will do."""
    scanner = RespScanner()
    strict = level is Level.COMMANDS
    for name, command in commands().items():
        kind = _KINDS.get(name, Kind.PLAIN)
        if command.subcommands and strict:
            kind = Kind.CONTAINER
        scanner.learn(name, command.arity if strict else 0, kind)
    return scanner


def drive(scanner: RespScanner, window: Window, noted: Callable[[], bool]) -> int:
    """Scan until a wrong byte (BAD), the end of the file (MORE), or ``noted`` returns False (NOTE).

    Raises OSError.
    """
    while True:
        status = scanner.scan(window.view, window.pos, window.end, window.base)
        window.pos = scanner.pos
        if status == Status.BAD or (status == Status.NOTE and not noted()):
            return status
        if status != Status.MORE:
            continue
        if scanner.skip:
            wanted = scanner.skip
            skipped = window.skip(wanted)
            scanner.skipped(skipped)
            if skipped == wanted:
                continue
            return status
        if not window.fill():
            return status
