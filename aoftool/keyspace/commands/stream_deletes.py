"""XDELEX and XACKDEL of Redis 8.2: entries go together with what groups know of them."""

from __future__ import annotations

from aoftool.format.rdb import StreamId
from aoftool.format.resp.replies import Reply
from aoftool.keyspace.arguments import integer_within
from aoftool.keyspace.command import FAST, WRITE, command
from aoftool.keyspace.commands.streams import delete_entry, get_stream
from aoftool.keyspace.context import Context
from aoftool.keyspace.errors import SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv, Keys
from aoftool.keyspace.numbers import INT64_MAX
from aoftool.keyspace.stream import Stream
from aoftool.keyspace.streamids import parse_id

_KEY = Keys(1, 1)
_POLICIES = (b"KEEPREF", b"DELREF", b"ACKED")
_SYNTAX = "[KEEPREF | DELREF | ACKED] IDS numids id [id ...]"
# What is answered for an ID.
_NOT_THERE, _DELETED, _STILL_REFERENCED = -1, 1, 2


def _parse(words: Argv) -> tuple[bytes, list[StreamId]]:
    """The policy, and the IDs; the block of IDs may stand before it. Raises CommandError."""
    policy, ids, at = b"", None, 0
    while at < len(words):
        word = words[at].upper()
        if word in _POLICIES and not policy:
            policy = word
            at += 1
        elif word == b"IDS" and ids is None and at + 1 < len(words):
            message = b"ERR Number of IDs must be a positive integer"
            count = integer_within(words[at + 1], 1, INT64_MAX, message)
            ids = words[at + 2 : at + 2 + count]
            if len(ids) < count:
                raise CommandError(b"ERR The `numids` parameter must match the number of arguments")
            at += 2 + count
        else:
            raise CommandError(SYNTAX)
    if ids is None:
        raise CommandError(SYNTAX)
    return policy or _POLICIES[0], [parse_id(text) for text in ids]


def _wanted(stream: Stream, entry_id: StreamId) -> bool:
    """Whether the entry is there, and a group has yet to read or to acknowledge it."""
    return stream.find(entry_id) is not None and any(
        group.last_id < entry_id or entry_id in group.pending.entries
        for group in stream.groups.values()
    )


def _forget(stream: Stream, entry_id: StreamId) -> int:
    """Take an entry off what is pending in every group; in how many it was."""
    return sum(group.settle(entry_id) for group in list(stream.groups.values()))


@command("XDELEX", f"key {_SYNTAX}", WRITE | FAST, _KEY, group="stream", since="8.2.0")
def xdelex(ctx: Context, argv: Argv) -> Reply:
    """Remove entries; DELREF: from groups too, ACKED: only those that no group needs."""
    policy, ids = _parse(argv[2:])
    stream = get_stream(ctx, argv[1])
    if stream is None:
        return [_NOT_THERE] * len(ids)
    reply: list[Reply] = []
    forgotten = 0
    for entry_id in ids:
        if policy == b"DELREF":
            # Also where the entry itself is gone: what groups know of it must go from the AOF too.
            forgotten += _forget(stream, entry_id)
        reply.append(_delete(stream, entry_id, policy))
    _tell(ctx, argv[1], reply.count(_DELETED), forgotten)
    return reply


@command("XACKDEL", f"key group {_SYNTAX}", WRITE | FAST, _KEY, group="stream", since="8.2.0")
def xackdel(ctx: Context, argv: Argv) -> Reply:
    """Acknowledge entries and remove them, as XDELEX does."""
    policy, ids = _parse(argv[3:])
    stream = get_stream(ctx, argv[1])
    group = None if stream is None else stream.groups.get(argv[2])
    if stream is None or group is None:
        return [_NOT_THERE] * len(ids)
    reply: list[Reply] = []
    settled = deleted = 0
    for entry_id in ids:
        if not group.settle(entry_id):
            reply.append(_NOT_THERE)
            continue
        settled += 1
        if policy == b"DELREF":
            _forget(stream, entry_id)
        result = _delete(stream, entry_id, policy)
        deleted += result == _DELETED
        # It was acknowledged, be its entry there or not.
        reply.append(_DELETED if result == _NOT_THERE else result)
    _tell(ctx, argv[1], deleted, settled)
    return reply


def _delete(stream: Stream, entry_id: StreamId, policy: bytes) -> int:
    """Remove an entry unless ACKED forbids it; what is to be answered."""
    if policy == b"ACKED" and _wanted(stream, entry_id):
        return _STILL_REFERENCED
    return _DELETED if delete_entry(stream, entry_id) else _NOT_THERE


def _tell(ctx: Context, key: bytes, deleted: int, settled: int) -> None:
    if deleted:
        ctx.changed(b"xdel", key, deleted)
    ctx.dirty += settled
