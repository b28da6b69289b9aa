"""Which commands may wait for data, and how each of them waits (blocked.c and its callers)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aofserver.hotsession import HotSession
from aofserver.persistence.manager import Persistence
from aoftool.format.resp.replies import NULL_ARRAY, ErrorReply, Reply
from aoftool.keyspace.blocking import parse_timeout, parse_timeout_ms
from aoftool.keyspace.command import Command
from aoftool.keyspace.commands.stream_reads import ReadOptions, read_above
from aoftool.keyspace.context import Context
from aoftool.keyspace.keyspecs import Argv
from aoftool.keyspace.numbers import parse_int
from aoftool.keyspace.streamids import format_id

#: A database's number and a key.
Place = tuple[int, bytes]
#: Whether a wait is over, and the reply that it would have now.
Ends = Callable[[], tuple[bool, Reply]]


#: What WAITAOF is told where there is no AOF that it could wait for.
NO_AOF = b"ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."


@dataclass(frozen=True, slots=True)
class Wait:
    """How a command waits.

    Attributes:
        kind: the type of value that ends the wait (``type_name``); none: no key can (WAIT).
        timeout: for how many ms a call waits; 0: without end; None: it does not wait at all.
        narrow: a call as Redis 6 makes it for one of its keys that has become ready.
        only_source: it waits for the first of its keys only.
        fix: a call whose words mean the same at any time later.
        needs_group: Redis 7 ends the wait also where the key is gone or is something else.
        ends: of a call that no key can end: what says, from now on, whether its time has come.
    """

    kind: bytes
    timeout: Callable[[Context, Argv], int | None]
    narrow: Callable[[Argv, bytes], Argv] = lambda argv, key: argv
    only_source: bool = False
    fix: Callable[[Context, Argv], Argv] = lambda ctx, argv: argv
    needs_group: bool = False
    ends: Callable[[Persistence, HotSession, Argv], Ends] | None = None

    def keys(self, command: Command, argv: Argv) -> list[bytes]:
        """The keys that a call waits for."""
        if not self.kind:
            return []
        found = [argv[at] for at in command.keys.positions(argv)]
        return found[:1] if self.only_source else found


class Blocked:
    """What one client waits for.

    Attributes:
        wait: how its command waits; argv: the call, to be made again.
        places: the keys, by database.
        nothing: its reply when time has run out.
        ends: see ``Wait``.
        quiet: CLIENT REPLY has its reply left out.
        timer: of its timeout, or None.
    """

    __slots__ = ("argv", "command", "ends", "nothing", "places", "quiet", "timer", "wait")

    def __init__(
        self, wait: Wait, command: Command, argv: Argv, places: list[Place], nothing: Reply
    ) -> None:
        self.wait, self.command, self.argv = wait, command, argv
        self.places = places
        self.nothing = nothing
        self.ends: Ends | None = None
        self.quiet = False
        self.timer: asyncio.TimerHandle | None = None


def timed_out(reply: Reply) -> Reply:
    """What a call answers whose time has run out, if it would have answered ``reply`` at once.

    Every null is that of an array then (``replyToBlockedClientOnTimeout``).
    """
    return NULL_ARRAY if reply is None else reply


def _behind(ctx: Context, argv: Argv) -> int:
    return parse_timeout(ctx, argv[-1])


def _before(ctx: Context, argv: Argv) -> int:
    return parse_timeout(ctx, argv[1])


def _block(ctx: Context, argv: Argv) -> int | None:
    return ReadOptions(ctx, argv, argv[0].upper() == b"XREADGROUP").block_ms


def _for_replicas(ctx: Context, argv: Argv) -> int | None:
    """WAIT for none is over at once."""
    return parse_timeout_ms(ctx, argv[2]) if (parse_int(argv[1]) or 0) > 0 else None


def _until_durable(persistence: Persistence, caller: HotSession, argv: Argv) -> Ends:
    """What WAITAOF waits for: that a sync covers what its client has written up to now."""
    wrote_in, turn = caller.wrote_in, caller.turn
    local, replicas = argv[1] == b"1", parse_int(argv[2]) or 0

    def look() -> tuple[bool, Reply]:
        if local and not persistence.aof.is_on:
            return True, ErrorReply(NO_AOF)
        covered = persistence.aof.marks.covers(wrote_in, turn.number)
        return (covered or not local) and not replicas, [int(covered), 0]

    return look


def _for_aof(ctx: Context, argv: Argv) -> int:
    return parse_timeout_ms(ctx, argv[3])


def _one_key(argv: Argv, key: bytes) -> Argv:
    """A pop from one of the keys that stand between the name and the timeout."""
    return [argv[0], key, argv[-1]]


def _streams_at(argv: Argv) -> tuple[int, int]:
    """Where the streams of XREAD begin, and how many there are."""
    at = 1
    steps = {b"COUNT": 2, b"BLOCK": 2, b"GROUP": 3}
    while argv[at].upper() != b"STREAMS":
        at += steps.get(argv[at].upper(), 1)
    return at + 1, (len(argv) - at - 1) // 2


def _one_stream(argv: Argv, key: bytes) -> Argv:
    at, count = _streams_at(argv)
    where = list(argv[at : at + count]).index(key)
    return [*argv[:at], key, argv[at + count + where]]


def _fixed_ids(ctx: Context, argv: Argv) -> Argv:
    """XREAD with the IDs that ``$`` and ``+`` stand for now."""
    at, count = _streams_at(argv)
    keys, ids = argv[at : at + count], argv[at + count :]
    fixed = [format_id(read_above(ctx, key, text)) for key, text in zip(keys, ids, strict=True)]
    return [*argv[: at + count], *fixed]


WAITS: dict[bytes, Wait] = {
    b"BLPOP": Wait(b"list", _behind, _one_key),
    b"BRPOP": Wait(b"list", _behind, _one_key),
    b"BRPOPLPUSH": Wait(b"list", _behind, only_source=True),
    b"BLMOVE": Wait(b"list", _behind, only_source=True),
    b"BLMPOP": Wait(b"list", _before),
    b"BZPOPMIN": Wait(b"zset", _behind, _one_key),
    b"BZPOPMAX": Wait(b"zset", _behind, _one_key),
    b"BZMPOP": Wait(b"zset", _before),
    b"XREAD": Wait(b"stream", _block, _one_stream, fix=_fixed_ids),
    b"XREADGROUP": Wait(b"stream", _block, _one_stream, needs_group=True),
    b"WAIT": Wait(b"", _for_replicas),
    b"WAITAOF": Wait(b"", _for_aof, ends=_until_durable),
}
