"""XINFO: what a server knows of a stream, its groups and their consumers (t_stream.c)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aoftool.format.resp.replies import MapReply, Reply
from aoftool.keyspace.arguments import integer
from aoftool.keyspace.command import (
    LOADING,
    RANDOM,
    READONLY,
    STALE,
    command,
    container,
    help_lines,
)
from aoftool.keyspace.commands.stream_groups import bad_subcommand, named_group
from aoftool.keyspace.commands.streams import entry_reply, read_entries, read_stream
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import NO_SUCH_KEY, CommandError
from aoftool.keyspace.keyspecs import Argv, Keys
from aoftool.keyspace.stream import Stream
from aoftool.keyspace.streamgroups import Consumer, Group, Pending
from aoftool.keyspace.streamids import format_id

_KEY = Keys(2, 2)
_DEFAULT_COUNT = 10
_NEVER = -1

container("XINFO", "stream", "5.0.0")


def _stream(ctx: Context, argv: Argv) -> Stream:
    stream = read_stream(ctx, argv[2])
    if stream is None:
        raise CommandError(NO_SUCH_KEY)
    return stream


@command("XINFO STREAM", "key [FULL [COUNT count]]", READONLY, _KEY, group="stream",
         since="5.0.0")  # fmt: skip
def xinfo_stream(ctx: Context, argv: Argv) -> Reply:
    """What is known of a stream; with FULL its entries, groups and consumers too."""
    stream = _stream(ctx, argv)
    count = _full_count(ctx, argv)
    keys = stream.node_keys()
    reply: list[Reply] = [
        b"length", len(stream),
        b"radix-tree-keys", len(keys),
        b"radix-tree-nodes", radix_nodes([b"%016x%016x" % key for key in keys]),
        b"last-generated-id", format_id(stream.last_id),
    ]  # fmt: skip
    counted = ctx.options.style is not Style.REDIS_6
    if counted:
        reply += [
            b"max-deleted-entry-id", format_id(stream.max_deleted_id),
            b"entries-added", stream.entries_added,
            b"recorded-first-entry-id", format_id(stream.first_id),
        ]  # fmt: skip
    if count is None:
        reply += [b"groups", len(stream.groups), b"first-entry", _only(stream.forward())]
        reply += [b"last-entry", _only(stream.backward())]
    else:
        groups: list[Reply] = [
            _full_group(stream, group, count, counted) for _, group in sorted(stream.groups.items())
        ]
        reply += [b"entries", read_entries(stream.forward(), count), b"groups", groups]
    return MapReply(reply)


def _full_count(ctx: Context, argv: Argv) -> int | None:
    """COUNT of FULL, 0: no limit; None without FULL."""
    words = argv[3:]
    if not words:
        return None
    if len(words) not in (1, 3) or words[0].upper() != b"FULL":
        raise bad_subcommand(ctx, argv)
    if len(words) == 1:
        return _DEFAULT_COUNT
    if words[1].upper() != b"COUNT":
        raise bad_subcommand(ctx, argv)
    count = integer(words[2])
    return count if count >= 0 else _DEFAULT_COUNT


def _only(entries: Iterable[tuple[tuple[int, int], list[bytes]]]) -> Reply:
    """The first of some entries, or null."""
    for entry_id, body in entries:
        return entry_reply(entry_id, body)
    return None


def radix_nodes(keys: Sequence[bytes], at: int = 0) -> int:
    """Nodes of a server's radix tree of 16-byte keys, given as sorted hexadecimal (rax.c).

    A run of bytes that all keys share is one node, a place where they part another.
    """
    if not keys:
        return 1
    first, last = keys[0], keys[-1]
    end = len(first)
    if len(keys) == 1:
        return 2 if at < end else 1
    shared = at
    while first[shared : shared + 2] == last[shared : shared + 2]:
        shared += 2
    count = 1 + (shared > at)
    start = 0
    for stop in range(1, len(keys) + 1):
        byte = slice(shared, shared + 2)
        if stop == len(keys) or keys[stop][byte] != keys[start][byte]:
            count += radix_nodes(keys[start:stop], shared + 2)
            start = stop
    return count


def _full_group(stream: Stream, group: Group, count: int, counted: bool) -> Reply:
    reply: list[Reply] = [b"name", group.name, b"last-delivered-id", format_id(group.last_id)]
    if counted:
        reply += [b"entries-read", group.entries_read, b"lag", stream.lag(group)]
    consumers: list[Reply] = [
        _full_consumer(consumer, count, counted) for _, consumer in sorted(group.consumers.items())
    ]
    reply += [b"pel-count", len(group.pending), b"pending", _pending(group.pending, count, True)]
    return MapReply([*reply, b"consumers", consumers])


def _full_consumer(consumer: Consumer, count: int, counted: bool) -> Reply:
    reply: list[Reply] = [b"name", consumer.name, b"seen-time", consumer.seen_ms]
    if counted:
        active = _NEVER if consumer.active_ms is None else consumer.active_ms
        reply += [b"active-time", active]
    reply += [b"pel-count", len(consumer.pending)]
    return MapReply([*reply, b"pending", _pending(consumer.pending, count, False)])


def _pending(pending: Pending, count: int, named: bool) -> list[Reply]:
    found: list[Reply] = []
    for entry_id in pending.within((0, 0)):
        delivery = pending.entries[entry_id]
        name: list[Reply] = [delivery.consumer.name] if named else []
        found.append([format_id(entry_id), *name, delivery.at_ms, delivery.count])
        if len(found) == count:
            break
    return found


@command("XINFO GROUPS", "key", READONLY, _KEY, group="stream", since="5.0.0")
def xinfo_groups(ctx: Context, argv: Argv) -> Reply:
    """The groups of a stream."""
    stream = _stream(ctx, argv)
    found: list[Reply] = []
    for name, group in sorted(stream.groups.items()):
        row: list[Reply] = [b"name", name, b"consumers", len(group.consumers)]
        row += [b"pending", len(group.pending), b"last-delivered-id", format_id(group.last_id)]
        if ctx.options.style is not Style.REDIS_6:
            row += [b"entries-read", group.entries_read, b"lag", stream.lag(group)]
        found.append(MapReply(row))
    return found


@command("XINFO CONSUMERS", "key group", READONLY | RANDOM, _KEY, group="stream", since="5.0.0")
def xinfo_consumers(ctx: Context, argv: Argv) -> Reply:
    """The consumers of a group; times in ms."""
    group = named_group(_stream(ctx, argv), argv[2], argv[3])
    now, found = ctx.now_ms, []
    for name, consumer in sorted(group.consumers.items()):
        row: list[Reply] = [b"name", name, b"pending", len(consumer.pending)]
        row += [b"idle", max(now - consumer.seen_ms, 0)]
        if ctx.options.style is not Style.REDIS_6:
            active = consumer.active_ms
            row += [b"inactive", _NEVER if active is None else now - active]
        found.append(MapReply(row))
    return [*found]


@command("XINFO HELP", "", LOADING | STALE, group="stream", since="5.0.0")
def xinfo_help(ctx: Context, argv: Argv) -> Reply:
    """What the XINFO commands are."""
    return help_lines(b"XINFO")
