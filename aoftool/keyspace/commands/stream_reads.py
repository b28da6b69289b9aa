"""XREAD, and what it has in common with XREADGROUP (t_stream.c)."""

from __future__ import annotations

from aoftool.format.rdb import StreamId
from aoftool.format.resp.replies import NULL_ARRAY, MapReply, Reply
from aoftool.keyspace.arguments import integer
from aoftool.keyspace.blocking import parse_timeout_ms
from aoftool.keyspace.command import BLOCKING, READONLY, command
from aoftool.keyspace.commands.streams import read_entries, read_stream
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv, HalfBehind
from aoftool.keyspace.stream import MIN_ID
from aoftool.keyspace.streamids import after, before, parse_id

#: The keys of XREAD and XREADGROUP (``xreadGetKeys``).
STREAM_KEYS = HalfBehind(b"STREAMS", {b"COUNT": 1, b"BLOCK": 1, b"GROUP": 2, b"NOACK": 0})


class ReadOptions:
    """The words of XREAD and XREADGROUP, keys and IDs behind STREAMS apart (``xreadCommand``).

    ``block_ms``: of BLOCK, for how many ms to wait at most, 0 without end; None: not at all.
    """

    __slots__ = ("block_ms", "consumer", "count", "group", "ids", "keys", "noack")

    def __init__(self, ctx: Context, argv: Argv, grouped: bool) -> None:
        self.group = self.consumer = None
        self.block_ms: int | None = None
        self.count, self.noack = 0, False
        at, size = 1, len(argv)
        while True:
            if at >= size:
                raise CommandError(SYNTAX)
            word, more = argv[at].upper(), size - 1 - at
            if word == b"STREAMS" and more:
                break
            if word == b"BLOCK" and more:
                self.block_ms = parse_timeout_ms(ctx, argv[at + 1])
                at += 1
            elif word == b"COUNT" and more:
                self.count = max(integer(argv[at + 1]), 0)
                at += 1
            elif (word == b"GROUP" and more >= 2) or word == b"NOACK":
                if not grouped:
                    raise CommandError(
                        b"ERR The %b option is only supported by XREADGROUP. You called XREAD "
                        b"instead." % word
                    )
                if word == b"GROUP":
                    self.group, self.consumer = argv[at + 1], argv[at + 2]
                    at += 2
                else:
                    self.noack = True
            else:
                raise CommandError(SYNTAX)
            at += 1
        rest = argv[at + 1 :]
        if len(rest) % 2:
            raise self._unbalanced(ctx, grouped)
        if grouped and self.group is None:
            raise CommandError(b"ERR Missing GROUP option for XREADGROUP")
        self.keys, self.ids = rest[: len(rest) // 2], rest[len(rest) // 2 :]

    @staticmethod
    def _unbalanced(ctx: Context, grouped: bool) -> CommandError:
        name, special = (b"xreadgroup", b">") if grouped else (b"xread", b"$")
        if ctx.options.style is Style.REDIS_6:
            name, special = b"XREAD", b"$"
        else:
            name = b"'%b'" % name
        return CommandError(
            b"ERR Unbalanced %b list of streams: for each stream key an ID or '%b' must be "
            b"specified." % (name, special)
        )


def read_reply(ctx: Context, found: list[tuple[bytes, Reply]]) -> Reply:
    """What was found by key; a null where there is nothing."""
    if not found:
        return NULL_ARRAY
    if ctx.resp3:
        return MapReply([part for pair in found for part in pair])
    return [[key, entries] for key, entries in found]


@command(
    "XREAD", "[COUNT count] [BLOCK ms] STREAMS key [key ...] id [id ...]", READONLY | BLOCKING,
    STREAM_KEYS, group="stream", since="5.0.0",
)  # fmt: skip
def xread(ctx: Context, argv: Argv) -> Reply:
    """The entries of several streams above an ID each; a null, without waiting, for none."""
    options = ReadOptions(ctx, argv, False)
    wanted = [read_above(ctx, *pair) for pair in zip(options.keys, options.ids, strict=True)]
    found: list[tuple[bytes, Reply]] = []
    for key, above in zip(options.keys, wanted, strict=True):
        stream = read_stream(ctx, key)
        if stream is not None and len(stream) and stream.top_id > above:
            found.append((key, read_entries(stream.forward(after(above)), options.count)))
    return read_reply(ctx, found)


def read_above(ctx: Context, key: bytes, text: bytes) -> StreamId:
    """The ID above which XREAD reads. Raises CommandError."""
    stream = read_stream(ctx, key)
    if text == b"$":
        return MIN_ID if stream is None else stream.last_id
    if text == b"+" and ctx.options.style is not Style.REDIS_6:
        return before(stream.top_id) if stream is not None and len(stream) else MIN_ID
    if text == b">":
        raise CommandError(
            b"ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> "
            b"<consumer> option."
        )
    return parse_id(text)
