"""Commands as rules name them, and the categories that they belong to (acl.c)."""

from __future__ import annotations

from aoftool.keyspace.command import Command, Table
from aoftool.keyspace.context import Style
from aoftool.keyspace.describe import acl_categories

#: All categories, in the order in which Redis tells them (``ACLCommandCategories``).
CATEGORIES = (
    b"keyspace", b"read", b"write", b"set", b"sortedset", b"list", b"hash", b"string", b"bitmap",
    b"hyperloglog", b"geo", b"stream", b"pubsub", b"admin", b"fast", b"slow", b"blocking",
    b"dangerous", b"connection", b"transaction", b"scripting",
)  # fmt: skip


class Catalogue:
    """What rules can name in one release; a command keeps its name here when it is renamed.

    Attributes:
        style: the release; modern: whether it knows sub-commands, selectors and kinds of access.
        commands: by name, as ``names`` has them.
        names: of all commands, in lower case; of a sub-command ``container|word`` (since 7.0).
        categories: the names in each category, by its name.
        containers: the names of the sub-commands of each command that has some.
    """

    def __init__(self, table: Table, style: Style) -> None:
        self.style = style
        self.modern = style is Style.REDIS_7
        rows = table.declared().values() if self.modern else table.rows.values()
        self.commands = {shown_name(row): row for row in rows}
        self.names = frozenset(self.commands)
        self._names: dict[bytes, bytes] = {}
        of_rows = {name: acl_categories(row, style) for name, row in self.commands.items()}
        self.categories: dict[bytes, frozenset[bytes]] = {
            category: frozenset(name for name, held in of_rows.items() if b"@" + category in held)
            for category in CATEGORIES
        }
        self.containers: dict[bytes, tuple[bytes, ...]] = {
            shown_name(row): tuple(map(shown_name, row.subcommands.values()))
            for row in rows
            if row.subcommands and self.modern
        }

    def name_of(self, command: Command) -> bytes:
        """The name by which rules know a command; before 7.0 that of its container."""
        known = self._names.get(command.name)
        if known is None:
            name = shown_name(command)
            known = name if self.modern else name.partition(b"|")[0]
            self._names[command.name] = known
        return known


def shown_name(command: Command) -> bytes:
    """A command's name as clients are told it: ``get``, ``config|get``."""
    return command.name.lower().replace(b" ", b"|")
