"""LATENCY (latency.c)."""

from __future__ import annotations

from collections.abc import Mapping

from aofserver.commands.declare import SERVER_TABLE, server_command, server_container
from aofserver.histogram import steps_us
from aofserver.measures.latencytexts import graph, report
from aofserver.measures.stats import CommandStats
from aofserver.parts import ServerContext
from aoftool.format.resp.replies import MapReply, Reply, Verbatim
from aoftool.keyspace.command import ADMIN, LOADING, NOSCRIPT, STALE
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.keyspecs import Argv

_FLAGS = ADMIN | NOSCRIPT | LOADING | STALE

server_container("LATENCY", "server", "2.8.13", _FLAGS)


@server_command("LATENCY LATEST", "", _FLAGS, group="server", since="2.8.13")
def latency_latest(ctx: ServerContext, argv: Argv) -> Reply:
    """Each event with the Unix time and ms of its last sample, and the most ms ever."""
    return [
        [name.encode(), *event.samples[-1], event.worst]
        for name, event in ctx.server.latency.events.items()
    ]


@server_command("LATENCY HISTORY", "event", _FLAGS, group="server", since="2.8.13")
def latency_history(ctx: ServerContext, argv: Argv) -> Reply:
    """The samples of an event: Unix time and ms."""
    event = ctx.server.latency.events.get(_name(argv[2]))
    return [] if event is None else [list(sample) for sample in event.samples]


@server_command("LATENCY RESET", "[event ...]", _FLAGS, group="server", since="2.8.13")
def latency_reset(ctx: ServerContext, argv: Argv) -> Reply:
    """Forget the samples of these events, or of all."""
    return ctx.server.latency.reset([_name(word) for word in argv[2:]] or None)


@server_command("LATENCY GRAPH", "event", _FLAGS, group="server", since="2.8.13")
def latency_graph(ctx: ServerContext, argv: Argv) -> Reply:
    """A picture of an event's samples."""
    name = _name(argv[2])
    event = ctx.server.latency.events.get(name)
    if event is None:
        raise CommandError(b"ERR No samples available for event '%b'" % argv[2])
    return Verbatim(graph(name, event, ctx.now_ms // 1000).encode())


@server_command("LATENCY DOCTOR", "", _FLAGS, group="server", since="2.8.13")
def latency_doctor(ctx: ServerContext, argv: Argv) -> Reply:
    """What the samples say, in words."""
    return Verbatim(report(ctx.server.latency, ctx.now_ms // 1000).encode())


@server_command("LATENCY HISTOGRAM", "[command ...]", _FLAGS, group="server", since="7.0.0")
def latency_histogram(ctx: ServerContext, argv: Argv) -> Reply:
    """How many calls of each command took up to so many microseconds."""
    rows = ctx.server.stats.commands
    if len(argv) == 2:
        return _histograms(rows)
    wanted: dict[bytes, CommandStats] = {}
    for word in argv[2:]:
        name = word.upper().replace(b"|", b" ")
        for known, stats in rows.items():
            if known == name or known.startswith(name + b" "):
                wanted[known] = stats
    return _histograms(wanted)


def _histograms(rows: Mapping[bytes, CommandStats]) -> Reply:
    """``latencySpecificCommandsFillCDF``; a command without calls is left out."""
    reply = MapReply()
    for name, stats in rows.items():
        counted = stats.times.rows()
        if counted:
            steps = MapReply(number for step in steps_us(counted) for number in step)
            calls = sum(count for _, _, count in counted)
            reply.append(name.lower().replace(b" ", b"|"))
            reply.append(MapReply([b"calls", calls, b"histogram_usec", steps]))
    return reply


@server_command("LATENCY HELP", "", LOADING | STALE, group="server", since="2.8.13")
def latency_help(ctx: ServerContext, argv: Argv) -> Reply:
    """What there is."""
    return SERVER_TABLE.help_lines(b"LATENCY")


def _name(word: bytes) -> str:
    return word.decode("utf-8", "backslashreplace")
