"""TIME, ROLE and other words about the server itself (server.c)."""

from __future__ import annotations

from aofserver.commands.declare import server_command
from aofserver.parts import ServerContext
from aoftool.format.resp.replies import OK, Reply, Verbatim
from aoftool.keyspace.command import ADMIN, FAST, LOADING, NOSCRIPT, RANDOM, READONLY, STALE
from aoftool.keyspace.context import Style
from aoftool.keyspace.errors import NOT_AN_INTEGER, CommandError
from aoftool.keyspace.keyspecs import Argv
from aoftool.keyspace.numbers import parse_int


@server_command("TIME", "", FAST | LOADING | STALE | RANDOM, group="server", since="2.6.0")
def time(ctx: ServerContext, argv: Argv) -> Reply:
    """Unix time: seconds, and microseconds of the second."""
    now_us = ctx.now_ms * 1000
    return [b"%d" % (now_us // 1_000_000), b"%d" % (now_us % 1_000_000)]


@server_command("ROLE", "", FAST | LOADING | STALE | NOSCRIPT, group="server", since="2.8.12",
                acl="admin dangerous")  # fmt: skip
def role(ctx: ServerContext, argv: Argv) -> Reply:
    """What the server is in replication."""
    return [b"master", 0, []]


@server_command("MONITOR", "", ADMIN | NOSCRIPT | LOADING | STALE, group="server", since="1.0.0")
def monitor(ctx: ServerContext, argv: Argv) -> Reply:
    """Be told every command from now on."""
    if ctx.server.dispatcher.propagation.in_exec and ctx.options.style is Style.REDIS_7:
        raise CommandError(b"ERR MONITOR isn't allowed for DENY BLOCKING client")
    if not ctx.session.monitoring:
        ctx.server.monitors.add(ctx.session)
    return OK


@server_command("LOLWUT", "[VERSION version] [arg ...]", READONLY | FAST, group="server",
                since="5.0.0")  # fmt: skip
def lolwut(ctx: ServerContext, argv: Argv) -> Reply:
    """A picture of no use: a spiral of the numbers that nothing but 1 divides."""
    _check_picture(argv[1:], ctx.options.style)
    size = 21
    rows = [["." for _ in range(size)] for _ in range(size)]
    x = y = size // 2
    step_x, step_y = 1, 0
    number, length = 1, 1
    while number < size * size:
        for _ in range(2):
            for _ in range(length):
                if 0 <= x < size and 0 <= y < size and _is_prime(number):
                    rows[y][x] = "#"
                x, y, number = x + step_x, y + step_y, number + 1
            step_x, step_y = step_y, -step_x
        length += 1
    picture = "\n".join("".join(row) for row in rows)
    text = f"{picture}\n\nUlam's spiral, 1963. Redis ver. {ctx.server.version}\n"
    return Verbatim(text.encode())


#: How many numbers the pictures of Redis take, by version.
_PICTURES = {5: 3, 6: 2}


def _check_picture(words: Argv, style: Style) -> None:
    """Whether a Redis could draw so. Raises CommandError."""
    version: int | None = 6 if style is Style.REDIS_6 else 7
    if len(words) > 1 and words[0].upper() == b"VERSION":
        version, words = parse_int(words[1]), words[2:]
    numbers = [parse_int(word) for word in words[: _PICTURES.get(version or 0, 0)]]
    if version is None or None in numbers:
        raise CommandError(NOT_AN_INTEGER)


def _is_prime(number: int) -> bool:
    return number > 1 and all(number % divisor for divisor in range(2, int(number**0.5) + 1))
