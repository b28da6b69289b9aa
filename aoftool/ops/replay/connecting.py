"""Gets to know a server, and makes sure that it may be written to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import hiredis

from aoftool.errors import AofError, ExitCode
from aoftool.ops.replay.address import Address
from aoftool.ops.replay.link import Link
from aoftool.ops.replay.model import TargetError
from aoftool.ops.replay.sinks import ServerSink
from aoftool.ops.replay.target import Facts, read_facts


class NotEmptyError(AofError):
    """The target holds keys already, and nobody said that this is fine."""

    exit_code = ExitCode.REFUSED

    def __init__(self, address: str, keys: Mapping[int, int]) -> None:
        held = ", ".join(f"db{db} {count:,} keys" for db, count in sorted(keys.items()))
        super().__init__(
            f"{address} is not empty ({held}); --into-nonempty adds to it, --flush empties it first"
        )
        self.keys = keys


def connect(address: Address) -> ServerSink:
    """A connection to one server, with what is known of it. Raises TargetError."""
    link = Link(address)
    try:
        facts = ask_facts(link)
        if facts.cluster:
            raise TargetError(f"{address} is a node of a cluster: use --cluster")
        if facts.read_only:
            raise TargetError(f"{address} is a replica that takes no writes: name its primary")
    except BaseException:
        link.close()
        raise
    return ServerSink(link, facts)


def ask_facts(link: Link) -> Facts:
    """What a server says of itself. Raises TargetError where it does not serve us."""
    ping = link.ask(b"PING")
    if isinstance(ping, hiredis.ReplyError):
        raise TargetError(f"{link.address}: {ping}")
    info = link.ask(b"INFO")
    if isinstance(info, hiredis.ReplyError):
        # Without it nobody knows whether there are keys already, nor finds times held back.
        raise TargetError(f"{link.address}: INFO is needed, and refused: {info}")
    return read_facts(info, _names(link.ask(b"COMMAND")))


def _names(reply: Any) -> frozenset[bytes] | None:
    if not isinstance(reply, list) or not reply or not isinstance(reply[0], list):
        return None
    return frozenset(row[0].upper() for row in reply if isinstance(row, list) and row)


def refuse_full(link: Link, facts: Facts) -> None:
    """Raises NotEmptyError where a server holds keys."""
    if any(facts.keys.values()):
        raise NotEmptyError(str(link.address), facts.keys)


def flush(link: Link, facts: Facts) -> None:
    """Empty a server: keys of all databases, and function libraries. Raises TargetError."""
    _done(link, link.ask(b"FLUSHALL"))
    if facts.knows(b"FUNCTION"):
        _done(link, link.ask(b"FUNCTION", b"FLUSH"))


def refuse_missing_databases(link: Link, databases: Iterable[int]) -> None:
    """Try the greatest database that will be used. Raises TargetError where there is none."""
    greatest = max(databases, default=0)
    if not greatest:
        return
    reply = link.ask(b"SELECT", b"%d" % greatest)
    if isinstance(reply, hiredis.ReplyError):
        raise TargetError(
            f"{link.address} has no database {greatest}, which the source uses: {reply}; "
            "choose and map databases with --db"
        )
    _done(link, link.ask(b"SELECT", b"0"))


def _done(link: Link, reply: Any) -> None:
    if isinstance(reply, hiredis.ReplyError):
        raise TargetError(f"{link.address}: {reply}")
