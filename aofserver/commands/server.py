"""TIME, ROLE and other words about the server itself (server.c)."""

from __future__ import annotations

from aofserver.commands.declare import server_command
from aofserver.context import ServerContext
from aoftool.format.resp.replies import Reply
from aoftool.keyspace.command import FAST, LOADING, NOSCRIPT, RANDOM, STALE
from aoftool.keyspace.keyspecs import Argv


@server_command("TIME", "", FAST | LOADING | STALE | RANDOM, group="server", since="2.6.0")
def time(ctx: ServerContext, argv: Argv) -> Reply:
    """Unix time: seconds, and microseconds of the second."""
    now_us = ctx.now_ms * 1000
    return [b"%d" % (now_us // 1_000_000), b"%d" % (now_us % 1_000_000)]


@server_command("ROLE", "", FAST | LOADING | STALE | NOSCRIPT, group="server", since="2.8.12")
def role(ctx: ServerContext, argv: Argv) -> Reply:
    """What the server is in replication."""
    return [b"master", 0, []]
