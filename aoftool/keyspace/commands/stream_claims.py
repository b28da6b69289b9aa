"""XCLAIM and XAUTOCLAIM: pending entries change their consumer (t_stream.c)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from aoftool.format.rdb import StreamId
from aoftool.format.resp.replies import Reply
from aoftool.keyspace.arguments import integer, integer_within
from aoftool.keyspace.command import FAST, RANDOM, WRITE, Call, command
from aoftool.keyspace.commands.stream_groups import as_setid, as_xclaim, consumer_of, find_group
from aoftool.keyspace.commands.streams import entry_reply
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv, Keys
from aoftool.keyspace.numbers import INT64_MAX
from aoftool.keyspace.stream import MIN_ID, Stream
from aoftool.keyspace.streamgroups import Group
from aoftool.keyspace.streamids import format_id, parse_bound, parse_id

_KEY = Keys(1, 1)
#: Pending entries that XAUTOCLAIM looks at for each that it may claim, and its default COUNT.
_ATTEMPTS, _DEFAULT_COUNT = 10, 100
_MAX_COUNT = INT64_MAX // 16


def _records(call: Call) -> Iterable[Sequence[bytes]]:
    """The handler has left them."""
    return call.ctx.fact or ()


class _ClaimOptions:
    """The IDs of XCLAIM and the words behind them."""

    __slots__ = ("at_ms", "count", "force", "ids", "just_id", "last_id")

    def __init__(self, ctx: Context, argv: Argv) -> None:
        self.force = self.just_id = False
        self.count: int | None = None
        self.last_id = MIN_ID
        self.ids: list[tuple[bytes, StreamId]] = []
        at_ms: int | None = None
        at = 5
        while at < len(argv) and (entry_id := _id_or_none(argv[at])) is not None:
            self.ids.append((argv[at], entry_id))
            at += 1
        words = iter(argv[at:])
        for raw in words:
            word = raw.upper()
            if word == b"FORCE":
                self.force = True
                continue
            if word == b"JUSTID":
                self.just_id = True
                continue
            known = word in (b"IDLE", b"TIME", b"RETRYCOUNT", b"LASTID")
            text = next(words, None) if known else None
            if text is None:
                raise CommandError(b"ERR Unrecognized XCLAIM option '%b'" % raw)
            if word == b"LASTID":
                self.last_id = parse_id(text)
                continue
            value = integer(text, b"ERR Invalid %b option argument for XCLAIM" % word)
            if word == b"RETRYCOUNT":
                self.count = value if value >= 0 else None
            else:
                at_ms = ctx.now_ms - value if word == b"IDLE" else value
        self.at_ms = _delivery_time(ctx, at_ms)


def _delivery_time(ctx: Context, at_ms: int | None) -> int:
    """A time that cannot be right becomes now; a file's are right, whatever the clock says."""
    if at_ms is None or at_ms < 0 or (at_ms > ctx.now_ms and not ctx.trusted):
        return ctx.now_ms
    return at_ms


def _id_or_none(text: bytes) -> StreamId | None:
    try:
        return parse_id(text)
    except CommandError:
        return None


def _claimed(stream: Stream, entry_id: StreamId, just_id: bool) -> Reply:
    """A claimed entry as it is answered; null for one that is gone, which only Redis 6 claims."""
    if just_id:
        return format_id(entry_id)
    body = stream.find(entry_id)
    return None if body is None else entry_reply(entry_id, body)


def _drop(ctx: Context, key: bytes, group: Group, id_text: bytes, entry_id: StreamId) -> None:
    """An entry is gone: nobody can have it pending any more."""
    ctx.fact.append(as_xclaim(key, group, id_text, group.pending.entries[entry_id]))
    ctx.dirty += 1
    group.settle(entry_id)


@command(
    "XCLAIM",
    "key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-ms] [RETRYCOUNT count] "
    "[FORCE] [JUSTID] [LASTID id]",
    WRITE | FAST | RANDOM,
    _KEY,
    group="stream",
    since="5.0.0",
    propagate=_records,
    separate=Style.REDIS_6,
)
def xclaim(ctx: Context, argv: Argv) -> Reply:
    """Make pending entries those of another consumer."""
    key = argv[1]
    stream, group = find_group(ctx, key, argv[2])
    idle_ms = max(integer(argv[4], b"ERR Invalid min-idle-time argument for XCLAIM"), 0)
    options = _ClaimOptions(ctx, argv)
    ctx.fact = []
    moved = options.last_id > group.last_id
    if moved:
        group.last_id = options.last_id
    _try_for(ctx, key, group, argv[3])
    found: list[Reply] = []
    for text, entry_id in options.ids:
        if _claim(ctx, argv, stream, group, text, entry_id, options, idle_ms):
            found.append(_claimed(stream, entry_id, options.just_id))
    if moved and not ctx.fact:
        ctx.fact.append(as_setid(ctx, key, group))
        ctx.dirty += 1
    return found


def _claim(
    ctx: Context,
    argv: Argv,
    stream: Stream,
    group: Group,
    text: bytes,
    entry_id: StreamId,
    options: _ClaimOptions,
    idle_ms: int,
) -> bool:
    """Claim one entry; whether it was to be had."""
    delivery = group.pending.entries.get(entry_id)
    if (delivery is None or ctx.options.style is not Style.REDIS_6) and stream.find(
        entry_id
    ) is None:
        if delivery is not None:
            _drop(ctx, argv[1], group, text, entry_id)
        return False
    if delivery is None and not options.force:
        return False
    if delivery is not None and idle_ms and ctx.now_ms - delivery.at_ms < idle_ms:
        return False
    count = options.count
    if count is None and not options.just_id:
        count = 2 if delivery is None else delivery.count + 1
    _hand_over(ctx, argv, group, text, entry_id, options.at_ms, count)
    return True


def _try_for(ctx: Context, key: bytes, group: Group, name: bytes) -> None:
    """Note that a consumer tried; Redis 6 does not know of one that got nothing."""
    if ctx.options.style is not Style.REDIS_6:
        consumer_of(ctx, key, group, name).seen_ms = ctx.now_ms


def _hand_over(
    ctx: Context,
    argv: Argv,
    group: Group,
    text: bytes,
    entry_id: StreamId,
    at_ms: int,
    count: int | None,
) -> None:
    """Make an entry pending for the consumer of the call."""
    consumer = consumer_of(ctx, argv[1], group, argv[3])
    consumer.seen_ms = consumer.active_ms = ctx.now_ms
    done = group.assign(entry_id, consumer, at_ms, count)
    ctx.fact.append(as_xclaim(argv[1], group, text, done))
    ctx.dirty += 1


@command(
    "XAUTOCLAIM", "key group consumer min-idle-time start [COUNT count] [JUSTID]",
    WRITE | FAST | RANDOM, _KEY, group="stream", since="6.2.0", propagate=_records,
    separate=Style.REDIS_6,
)  # fmt: skip
def xautoclaim(ctx: Context, argv: Argv) -> Reply:
    """Claim what has been pending for long, page by page."""
    key = argv[1]
    idle_ms = max(integer(argv[4], b"ERR Invalid min-idle-time argument for XAUTOCLAIM"), 0)
    start = parse_bound(argv[5])
    count, just_id = _autoclaim_options(argv)
    stream, group = find_group(ctx, key, argv[2])
    ctx.fact = []
    _try_for(ctx, key, group, argv[3])
    attempts = count * _ATTEMPTS
    found: list[Reply] = []
    gone: list[Reply] = []
    cursor = MIN_ID
    for entry_id in _first(group, start, attempts + 1):
        if not attempts or not count:
            cursor = entry_id
            break
        attempts -= 1
        delivery = group.pending.entries[entry_id]
        if ctx.options.style is not Style.REDIS_6 and stream.find(entry_id) is None:
            _drop(ctx, key, group, format_id(entry_id), entry_id)
            gone.append(format_id(entry_id))
            count -= 1
            continue
        if idle_ms and ctx.now_ms - delivery.at_ms < idle_ms:
            continue
        text, deliveries = format_id(entry_id), None if just_id else delivery.count + 1
        _hand_over(ctx, argv, group, text, entry_id, ctx.now_ms, deliveries)
        found.append(_claimed(stream, entry_id, just_id))
        count -= 1
    reply: list[Reply] = [format_id(cursor), found]
    return reply if ctx.options.style is Style.REDIS_6 else [*reply, gone]


def _first(group: Group, start: StreamId, count: int) -> list[StreamId]:
    """The first IDs from ``start`` on: a copy, since claiming takes some out."""
    return list(islice(group.pending.within(start), count))


def _autoclaim_options(argv: Argv) -> tuple[int, bool]:
    """COUNT and JUSTID."""
    count, just_id = _DEFAULT_COUNT, False
    words = iter(argv[6:])
    for raw in words:
        word = raw.upper()
        if word == b"JUSTID":
            just_id = True
        elif word == b"COUNT" and (text := next(words, None)) is not None:
            count = integer_within(text, 1, _MAX_COUNT, b"ERR COUNT must be > 0")
        else:
            raise CommandError(SYNTAX)
    return count, just_id
