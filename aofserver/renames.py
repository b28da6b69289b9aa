"""Commands under other names, or under none (``rename-command`` in config.c).

Clients, scripts and the AOF use the new name; rules of users, COMMAND and errors the command's own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import cast

from aofserver.config.kinds import ConfigError
from aoftool.format.resp.replies import Reply
from aoftool.keyspace.command import Call, Command, Handler, Rule, Table, never, verbatim
from aoftool.keyspace.commands.scripts import effects_of_script
from aoftool.keyspace.context import Context
from aoftool.keyspace.keyspecs import Argv

#: Rules that do not look at the name of the call.
_NAMELESS = (verbatim, never, effects_of_script)


class Renames:
    """What was renamed.

    Attributes:
        table: the commands by the names that they have now.
        own: by each name that has another meaning than usual, the command's own name; empty for a
            name that means nothing any more. In upper case.
    """

    def __init__(self, table: Table, lines: Iterable[Sequence[str]]) -> None:
        """Take lines of an old and a new name each. Raises ConfigError."""
        self.table = table
        self.own: dict[bytes, bytes] = {}
        for line in lines:
            if len(line) != 2:
                raise ConfigError("Bad directive or wrong number of arguments")
            old, new = (os.fsencode(word).upper() for word in line)
            self._rename(old, new)

    def _rename(self, old: bytes, new: bytes) -> None:
        rows = dict(self.table.rows)
        found = rows.pop(old, None)
        if found is None:
            raise ConfigError("No such command in rename-command")
        if new in rows:
            raise ConfigError("Target command name already exists")
        if new:
            rows[new] = _under_own_name(found)
            self.own[new] = found.name
        if old != new:
            self.own[old] = b""
        self.table = Table()
        self.table.rows.update(rows)

    def translated(self, argv: list[bytes]) -> list[bytes] | None:
        """A call with the command's own name, or None where there is no such command."""
        own = self.own.get(argv[0].upper())
        if own is None:
            return argv
        return [own, *argv[1:]] if own else None


def _under_own_name(command: Command) -> Command:
    """The same command, which sees its own name in its calls whatever they call it."""
    name = command.name.partition(b" ")[0]

    def handler(ctx: Context, argv: Argv) -> Reply:
        return command.handler(ctx, [name, *argv[1:]])

    def propagate(call: Call) -> Iterable[Sequence[bytes]]:
        argv = [name, *call.argv[1:]]
        for words in command.propagate(replace(call, argv=argv)):
            yield call.argv if words is argv else words

    rule: Rule = command.propagate if command.propagate in _NAMELESS else propagate
    return replace(
        command,
        handler=cast("Handler", handler),
        propagate=rule,
        subcommands={word: _under_own_name(row) for word, row in command.subcommands.items()},
    )
