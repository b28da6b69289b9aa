"""The server's own commands; importing this fills the table of commands."""

from aofserver.commands import configuration, connection, debug, persistence, server, transactions

__all__ = ["configuration", "connection", "debug", "persistence", "server", "transactions"]
