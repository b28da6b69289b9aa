"""Consumer groups: who reads what, and what is pending (t_stream.c)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from aoftool.format.rdb import StreamId
from aoftool.format.resp.replies import NULL_ARRAY, OK, Reply
from aoftool.keyspace.arguments import integer
from aoftool.keyspace.command import (
    BLOCKING,
    DENYOOM,
    FAST,
    LOADING,
    RANDOM,
    READONLY,
    STALE,
    WRITE,
    Call,
    command,
    container,
    help_lines,
)
from aoftool.keyspace.commands.stream_reads import STREAM_KEYS, ReadOptions, read_reply
from aoftool.keyspace.commands.streams import entry_reply, get_stream, read_stream
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv, Keys
from aoftool.keyspace.stream import MIN_ID, Stream
from aoftool.keyspace.streamgroups import Consumer, Delivery, Group
from aoftool.keyspace.streamids import after, format_id, parse_bound, parse_id

_KEY, _SUB_KEY = Keys(1, 1), Keys(2, 2)
_ENTRIES_READ_UNKNOWN = -1


def find_group(ctx: Context, key: bytes, name: bytes, suffix: bytes = b"") -> tuple[Stream, Group]:
    """The stream at ``key`` and its group. Raises CommandError."""
    stream = read_stream(ctx, key)
    group = None if stream is None else stream.groups.get(name)
    if stream is None or group is None:
        raise CommandError(
            b"NOGROUP No such key '%b' or consumer group '%b'%b" % (key, name, suffix)
        )
    return stream, group


def named_group(stream: Stream, key: bytes, name: bytes) -> Group:
    """The group of that name. Raises CommandError."""
    group = stream.groups.get(name)
    if group is None:
        raise CommandError(b"NOGROUP No such consumer group '%b' for key name '%b'" % (name, key))
    return group


def bad_subcommand(ctx: Context, argv: Argv) -> CommandError:
    """The error for words that a sub-command does not take (``addReplySubcommandSyntaxError``)."""
    unknown = b"Unknown" if ctx.options.style is Style.REDIS_6 else b"unknown"
    return CommandError(
        b"ERR %b subcommand or wrong number of arguments for '%b'. Try %b HELP."
        % (unknown, argv[1][:128], argv[0].upper())
    )


# XGROUP.
container("XGROUP", "stream", "5.0.0")


def _existing(ctx: Context, argv: Argv) -> Stream:
    stream = get_stream(ctx, argv[2])
    if stream is None:
        raise CommandError(
            b"ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may "
            b"want to use the MKSTREAM option to create an empty stream automatically."
        )
    return stream


def _group_options(ctx: Context, argv: Argv, may_make: bool) -> tuple[bool, int | None]:
    """(MKSTREAM, ENTRIESREAD) of the words behind the ID."""
    make, read = False, None
    words = iter(argv[5:])
    for raw in words:
        word = raw.upper()
        if word == b"MKSTREAM" and may_make:
            make = True
            continue
        old = ctx.options.style is Style.REDIS_6 and not ctx.trusted
        text = None if old else next(words, None)
        if word != b"ENTRIESREAD" or text is None:
            raise bad_subcommand(ctx, argv)
        read = integer(text)
        if read < _ENTRIES_READ_UNKNOWN:
            raise CommandError(b"ERR value for ENTRIESREAD must be positive or -1")
    return make, None if read == _ENTRIES_READ_UNKNOWN else read


@command(
    "XGROUP CREATE", "key group <id | $> [MKSTREAM] [ENTRIESREAD entries-read]", WRITE | DENYOOM,
    _SUB_KEY, group="stream", since="5.0.0",
)  # fmt: skip
def xgroup_create(ctx: Context, argv: Argv) -> Reply:
    """Create a consumer group, and with MKSTREAM its stream."""
    if ctx.options.style is Style.REDIS_6 and [word.upper() for word in argv[5:]] != [b"MKSTREAM"]:
        _existing(ctx, argv)  # before the options are looked at
    make, read = _group_options(ctx, argv, True)
    key, name = argv[2], argv[3]
    stream = get_stream(ctx, key) if make else _existing(ctx, argv)
    if argv[4] == b"$":
        last_id = MIN_ID if stream is None else stream.last_id
    else:
        last_id = parse_id(argv[4])
    if stream is None:
        stream = Stream(ctx.options.limits)
        ctx.db.put(key, stream)
    if name in stream.groups:
        raise CommandError(b"BUSYGROUP Consumer Group name already exists")
    stream.groups[name] = Group(name, last_id, read)
    ctx.changed(b"xgroup-create", key)
    return OK


@command("XGROUP SETID", "key group <id | $> [ENTRIESREAD entries-read]", WRITE, _SUB_KEY,
         group="stream", since="5.0.0")  # fmt: skip
def xgroup_setid(ctx: Context, argv: Argv) -> Reply:
    """Set the last ID that a group delivered."""
    if ctx.options.style is Style.REDIS_6:  # before the options are looked at
        named_group(_existing(ctx, argv), argv[2], argv[3])
    _, read = _group_options(ctx, argv, False)
    stream = _existing(ctx, argv)
    group = named_group(stream, argv[2], argv[3])
    group.last_id = stream.last_id if argv[4] == b"$" else parse_id(argv[4], strict=False)
    group.entries_read = read
    ctx.changed(b"xgroup-setid", argv[2])
    return OK


@command("XGROUP DESTROY", "key group", WRITE, _SUB_KEY, group="stream", since="5.0.0")
def xgroup_destroy(ctx: Context, argv: Argv) -> Reply:
    """Remove a group."""
    if _existing(ctx, argv).groups.pop(argv[3], None) is None:
        return 0
    ctx.changed(b"xgroup-destroy", argv[2])
    return 1


@command("XGROUP CREATECONSUMER", "key group consumer", WRITE | DENYOOM, _SUB_KEY,
         group="stream", since="6.2.0")  # fmt: skip
def xgroup_createconsumer(ctx: Context, argv: Argv) -> Reply:
    """Add a consumer to a group."""
    group = named_group(_existing(ctx, argv), argv[2], argv[3])
    if argv[4] in group.consumers:
        return 0
    group.consumers[argv[4]] = Consumer(argv[4], ctx.now_ms)
    ctx.changed(b"xgroup-createconsumer", argv[2])
    return 1


@command("XGROUP DELCONSUMER", "key group consumer", WRITE, _SUB_KEY, group="stream",
         since="5.0.0")  # fmt: skip
def xgroup_delconsumer(ctx: Context, argv: Argv) -> Reply:
    """Remove a consumer, and how many entries were pending for it."""
    group = named_group(_existing(ctx, argv), argv[2], argv[3])
    consumer = group.consumers.get(argv[4])
    if consumer is not None or ctx.options.style is Style.REDIS_6:
        ctx.changed(b"xgroup-delconsumer", argv[2])
    return 0 if consumer is None else group.remove_consumer(consumer)


@command("XGROUP HELP", "", LOADING | STALE, group="stream", since="5.0.0")
def xgroup_help(ctx: Context, argv: Argv) -> Reply:
    """What the XGROUP commands are."""
    return help_lines(b"XGROUP")


def consumer_of(ctx: Context, key: bytes, group: Group, name: bytes) -> Consumer:
    """The consumer that tries to get entries, made where there is none; Redis 6 is silent on that.

    ``streamLookupConsumer`` and ``streamCreateConsumer``.
    """
    consumer = group.consumers.get(name)
    if consumer is None:
        consumer = group.consumers[name] = Consumer(name, ctx.now_ms)
        if ctx.options.style is not Style.REDIS_6:
            ctx.changed(b"xgroup-createconsumer", key)
    return consumer


# What the AOF holds instead.
Record = Sequence[bytes]


def _records(call: Call) -> Iterable[Record]:
    """The handler has left the records; a call can change what no AOF keeps."""
    return call.ctx.fact or ()


def as_xclaim(key: bytes, group: Group, id_text: bytes, delivery: Delivery) -> Record:
    """The command that makes this delivery again (``streamPropagateXCLAIM``)."""
    return (
        b"XCLAIM", key, group.name, delivery.consumer.name, b"0", id_text,
        b"TIME", b"%d" % delivery.at_ms, b"RETRYCOUNT", b"%d" % delivery.count,
        b"FORCE", b"JUSTID", b"LASTID", format_id(group.last_id),
    )  # fmt: skip


def as_setid(ctx: Context, key: bytes, group: Group) -> Record:
    """The command that sets what the group has read (``streamPropagateGroupID``)."""
    record = (b"XGROUP", b"SETID", key, group.name, format_id(group.last_id))
    if ctx.options.style is Style.REDIS_6:
        return record
    read = _ENTRIES_READ_UNKNOWN if group.entries_read is None else group.entries_read
    return (*record, b"ENTRIESREAD", b"%d" % read)


# Reading.
@command(
    "XREADGROUP",
    "GROUP group consumer [COUNT count] [BLOCK ms] [NOACK] STREAMS key [key ...] id [id ...]",
    WRITE | BLOCKING,
    replace(STREAM_KEYS, start=4),
    group="stream",
    since="5.0.0",
    propagate=_records,
    separate=Style.REDIS_6,
)
def xreadgroup(ctx: Context, argv: Argv) -> Reply:
    """New entries for a consumer of a group, or what is pending for it already."""
    options = ReadOptions(ctx, argv, True)
    name, reader = options.group, options.consumer
    assert name is not None and reader is not None
    starts = []
    for key, text in zip(options.keys, options.ids, strict=True):
        stream, group = find_group(ctx, key, name, b" in XREADGROUP with GROUP option")
        starts.append((key, stream, group, _start(ctx, text)))
    ctx.fact = []
    found: list[tuple[bytes, Reply]] = []
    for key, stream, group, start in starts:
        ctx.db.read(key)  # as Redis, which looks at a key again when its turn comes
        news = start is None and len(stream) > 0 and stream.top_id > group.last_id
        if start is None and not news and ctx.options.style is Style.REDIS_6:
            continue  # which makes a consumer only where there is something for it
        known = reader in group.consumers
        consumer = consumer_of(ctx, key, group, reader)
        if not known and options.noack and ctx.options.style is not Style.REDIS_6:
            ctx.fact.append((b"XGROUP", b"CREATECONSUMER", key, name, reader))
        consumer.seen_ms = ctx.now_ms
        if start is not None:
            if ctx.options.style is Style.REDIS_6:
                ctx.dirty += 1  # though the AOF gets nothing of it
            found.append((key, _history(ctx, stream, consumer, after(start), options.count)))
        elif news:
            found.append((key, _deliver(ctx, key, stream, group, consumer, options)))
    return read_reply(ctx, found)


def _start(ctx: Context, text: bytes) -> StreamId | None:
    """The ID above which pending entries are asked for; None: new ones are."""
    if text == b">":
        return None
    if text == b"$" or (text == b"+" and ctx.options.style is not Style.REDIS_6):
        raise CommandError(
            b"ERR The %b ID is meaningless in the context of XREADGROUP: you want to read the "
            b"history of this consumer by specifying a proper ID, or use the > ID to get new "
            b"messages. The %b ID would just return an empty result set." % (text, text)
        )
    return parse_id(text)


def _history(
    ctx: Context, stream: Stream, consumer: Consumer, start: StreamId, count: int
) -> list[Reply]:
    """What is pending for a consumer (``streamReplyWithRangeFromConsumerPEL``)."""
    found: list[Reply] = []
    for entry_id in consumer.pending.within(start):
        body = stream.find(entry_id)
        if body is None:
            found.append([format_id(entry_id), NULL_ARRAY])
        else:
            found.append(entry_reply(entry_id, body))
            delivery = consumer.pending.entries[entry_id]
            delivery.at_ms = ctx.now_ms
            delivery.count += 1
        if len(found) == count:
            break
    return found


def _deliver(
    ctx: Context, key: bytes, stream: Stream, group: Group, consumer: Consumer, options: ReadOptions
) -> list[Reply]:
    """New entries, which become pending (``streamReplyWithRange`` with a group)."""
    found: list[Reply] = []
    counted = ctx.options.style is not Style.REDIS_6
    for entry_id, body in stream.forward(after(group.last_id)):
        if counted:
            stream.count_read(group, entry_id)
        group.last_id = entry_id
        found.append(entry_reply(entry_id, body))
        if not options.noack:
            delivery = group.assign(entry_id, consumer, ctx.now_ms, 1)
            consumer.active_ms = ctx.now_ms
            ctx.fact.append(as_xclaim(key, group, format_id(entry_id), delivery))
        if len(found) == options.count:
            break
    if options.noack or counted:
        ctx.fact.append(as_setid(ctx, key, group))
    ctx.dirty += 1
    return found


# Pending entries.
@command("XACK", "key group id [id ...]", WRITE | FAST, _KEY, group="stream", since="5.0.0")
def xack(ctx: Context, argv: Argv) -> Reply:
    """Take entries off the pending ones of a group."""
    stream = read_stream(ctx, argv[1])
    group = None if stream is None else stream.groups.get(argv[2])
    if group is None:
        return 0
    count = sum(map(group.settle, [parse_id(text) for text in argv[3:]]))
    ctx.dirty += count
    return count


@command("XPENDING", "key group [[IDLE min-idle-time] start end count [consumer]]",
         READONLY | RANDOM, _KEY, group="stream", since="5.0.0")  # fmt: skip
def xpending(ctx: Context, argv: Argv) -> Reply:
    """What is pending in a group: in sum, or entry by entry."""
    if len(argv) != 3 and not 6 <= len(argv) <= 9:
        raise CommandError(SYNTAX)
    if len(argv) == 3:
        return _pending_summary(find_group(ctx, argv[1], argv[2])[1])
    words, idle_ms = argv[3:], 0
    if words[0].upper() == b"IDLE":
        idle_ms = integer(words[1])
        words = words[2:]
        if len(words) < 3:
            raise CommandError(SYNTAX)
    count = max(integer(words[2]), 0)
    start, end = parse_bound(words[0]), parse_bound(words[1], end=True)
    _, group = find_group(ctx, argv[1], argv[2])
    pending = group.pending
    if len(words) > 3:
        consumer = group.consumers.get(words[3])
        if consumer is None:
            return []
        pending = consumer.pending
    found: list[Reply] = []
    for entry_id in pending.within(start, end):
        if len(found) >= count:
            break
        delivery = pending.entries[entry_id]
        idle = ctx.now_ms - delivery.at_ms
        if not idle_ms or idle >= idle_ms:
            name = delivery.consumer.name
            found.append([format_id(entry_id), name, max(idle, 0), delivery.count])
    return found


def _pending_summary(group: Group) -> Reply:
    if not len(group.pending):
        return [0, None, None, NULL_ARRAY]
    order = group.pending.order
    rows: list[Reply] = [
        [name, b"%d" % len(consumer.pending)]
        for name, consumer in sorted(group.consumers.items())
        if len(consumer.pending)
    ]
    return [len(order), format_id(order[0]), format_id(order[-1]), rows]
