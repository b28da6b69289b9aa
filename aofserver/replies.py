"""Replies as a server puts them on the wire."""

from __future__ import annotations

from aoftool.format.resp.replies import PushReply, Reply, encode_reply
from aoftool.keyspace.numbers import format_score

SIMPLE_OK = b"+OK\r\n"
NULL = b"$-1\r\n"


class _NoReply:
    """What a handler returns that has answered by itself, or will."""

    __slots__ = ()


NO_REPLY: Reply = _NoReply()  # type: ignore[assignment]


class Several(list[Reply]):
    """Replies that one command gives, one after the other, in place of one."""

    __slots__ = ()


class Raw(bytes):
    """A reply that is bytes of the protocol already: of a type that nothing else answers."""

    __slots__ = ()


class Kept(bytes):
    """Bytes for a client that leave although CLIENT REPLY has its replies left out."""

    __slots__ = ()


#: Replies that only ``encode`` knows.
OWN_TYPES = (Several, Raw, _NoReply)


def is_push(reply: Reply) -> bool:
    """Whether it is told whatever CLIENT REPLY says (``CLIENT_PUSHING``)."""
    return type(reply) is PushReply or (type(reply) is Several and all(map(is_push, reply)))


def encode(reply: Reply, resp3: bool) -> bytes:
    """The bytes of a reply, doubles with the shortest digits in RESP3 and 17 in RESP2."""
    if type(reply) is Raw:
        return bytes(reply)
    if reply is NO_REPLY:
        return b""
    if type(reply) is Several:
        return b"".join(encode(part, resp3) for part in reply)
    return encode_reply(reply, resp3, _DOUBLES[resp3])


_DOUBLES = (
    lambda value: format_score(value, shortest=False),
    lambda value: format_score(value, shortest=True),
)
