"""The server's own commands; importing this fills their table."""

from aofserver.commands import (
    accesslists,
    client,
    configuration,
    connection,
    debug,
    debugaids,
    information,
    introspection,
    latency,
    memory,
    persistence,
    pubsub,
    server,
    slowlog,
    tracking,
    transactions,
    turnedoff,
)
from aofserver.commands.declare import SERVER_TABLE

__all__ = [
    "SERVER_TABLE",
    "accesslists",
    "client",
    "configuration",
    "connection",
    "debug",
    "debugaids",
    "information",
    "introspection",
    "latency",
    "memory",
    "persistence",
    "pubsub",
    "server",
    "slowlog",
    "tracking",
    "transactions",
    "turnedoff",
]
