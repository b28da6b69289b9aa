"""The end of a replay: times of expiry that were held back are put right (see ``moments``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import hiredis

from aoftool.ops.replay.link import Link
from aoftool.ops.replay.model import Argv, TargetError
from aoftool.ops.replay.moments import Moments, held
from aoftool.ops.replay.target import Facts, read_facts

_COUNT = 1000
#: How often a time is asked for until the clock stands still around the answer.
_TRIES = 20


@dataclass(slots=True)
class Settled:
    """Keys whose time was put right, and keys that are gone because it had come."""

    keys: int = 0
    expired: int = 0


def settle_server(link: Link, facts: Facts, moments: Moments) -> Settled:
    """Walk over all keys of a server and give those with a time that was held back their own.

    May be done again: a time that was put right is left alone.
    """
    settled = Settled()
    now = read_facts(_whole(link.ask(b"INFO", b"keyspace")), None)
    for db, expires in now.expires.items():
        if not expires:
            continue
        if db or not facts.cluster:
            link.ask(b"SELECT", b"%d" % db)
        for keys in scan(link):
            _settle(link, keys, facts, moments, settled)
    return settled


def scan(link: Link, count: int = _COUNT) -> Iterator[list[bytes]]:
    """The keys of the selected database, in pieces; a key may come twice."""
    cursor = b"0"
    while True:
        cursor, keys = _whole(link.ask(b"SCAN", cursor, b"COUNT", b"%d" % count))
        if keys:
            yield keys
        if cursor == b"0":
            return


def times_of(link: Link, keys: list[bytes], facts: Facts) -> list[int | None]:
    """When keys expire, in ms of Unix time; None: never, or not there."""
    if facts.version >= (7, 0):
        found = link.ask_all([(b"PEXPIRETIME", key) for key in keys])
        return [at_ms if at_ms >= 0 else None for at_ms in map(_whole, found)]
    return [
        _by_what_is_left(link, key, *row) for key, row in zip(keys, _left(link, keys), strict=True)
    ]


def _left(link: Link, keys: list[bytes]) -> list[tuple[int, int, int]]:
    """Of each key the milliseconds that are left, and the time before and after it was asked."""
    argvs: list[Argv] = [(b"TIME",)]
    for key in keys:
        argvs += (b"PTTL", key), (b"TIME",)
    found = [_whole(reply) for reply in link.ask_all(argvs)]
    clock = [_milliseconds(reply) for reply in found[::2]]
    return list(zip(found[1::2], clock[:-1], clock[1:], strict=True))


def _by_what_is_left(link: Link, key: bytes, left: int, before: int, after: int) -> int | None:
    """When a key expires: to be told exactly, the clock must not have moved on meanwhile."""
    for _ in range(_TRIES):
        if before == after or left < 0:
            break
        ((left, before, after),) = _left(link, [key])
    return None if left < 0 else before + left


def _milliseconds(reply: list[bytes]) -> int:
    return int(reply[0]) * 1000 + int(reply[1]) // 1000


def _settle(
    link: Link, keys: list[bytes], facts: Facts, moments: Moments, settled: Settled
) -> None:
    argvs: list[Argv] = []
    for key, at_ms in zip(keys, times_of(link, keys, facts), strict=True):
        own = None if at_ms is None else held(at_ms)
        if own is None:
            continue
        final = moments.final(own)
        gone = moments.drops(own)
        settled.expired += gone
        settled.keys += not gone
        if gone:
            argvs.append((b"DEL", key))
        elif final is None:
            argvs.append((b"PERSIST", key))
        else:
            argvs.append((b"PEXPIREAT", key, b"%d" % final))
    for reply in link.ask_all(argvs) if argvs else ():
        _whole(reply)


def _whole(reply: Any) -> Any:
    """The reply. Raises TargetError for an error."""
    if isinstance(reply, hiredis.ReplyError):
        raise TargetError(f"times of expiry cannot be put right: {reply}")
    return reply
