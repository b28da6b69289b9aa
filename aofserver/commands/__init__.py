"""The server's own commands; importing this fills their table."""

from aofserver.commands import configuration, connection, debug, persistence, server, transactions
from aofserver.commands.declare import SERVER_TABLE

__all__ = [
    "SERVER_TABLE",
    "configuration",
    "connection",
    "debug",
    "persistence",
    "server",
    "transactions",
]
