"""Replies: what commands answer, as Python values, and their RESP2 and RESP3 bytes.

bytes (bulk string), int, float (double), bool, None (null), list (array) stand for themselves; what
the protocol has beyond that has a class here. RESP2 gets the older form of what only RESP3 has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aoftool.format.speed import pick


class Status(bytes):
    """A simple string such as ``OK``: no CR or LF inside."""

    __slots__ = ()


class NullArray:
    """The null that stands for an array (``*-1`` in RESP2); ``NULL_ARRAY`` is the only one."""

    __slots__ = ()


class MapReply(list["Reply"]):
    """Keys and values in turn: a map in RESP3, a flat array in RESP2."""

    __slots__ = ()


class SetReply(list["Reply"]):
    """A set in RESP3, an array in RESP2."""

    __slots__ = ()


class PushReply(list["Reply"]):
    """Data out of band in RESP3 (messages, invalidations), an array in RESP2."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A text with its kind (``txt``, ``mkd``): a verbatim string in RESP3, a bulk in RESP2."""

    text: bytes
    kind: bytes = b"txt"


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """An error as an element of an array (EXEC): code and text without the leading minus."""

    text: bytes


class BigNumber(bytes):
    """The digits of an integer of any length: of a type of its own in RESP3."""

    __slots__ = ()


OK = Status(b"OK")
NULL_ARRAY = NullArray()

Reply = (
    bytes
    | bytearray
    | int
    | float
    | bool
    | None
    | list["Reply"]
    | NullArray
    | Verbatim
    | ErrorReply
)


def pure_encode_reply(
    reply: Reply, resp3: bool, digits: Callable[[float], bytes] = lambda value: repr(value).encode()
) -> bytes:
    """The bytes of a reply; ``digits`` writes the digits of a float as the server does."""
    parts: list[bytes] = []
    _encode(reply, resp3, digits, parts.append)
    return b"".join(parts)


encode_reply = pick("encode_reply", pure_encode_reply)


def _encode(
    reply: Reply, resp3: bool, digits: Callable[[float], bytes], put: Callable[[bytes], object]
) -> None:
    """Put the parts of a reply, which a script may have made deeper than calls can go."""
    levels = [iter((reply,))]
    while levels:
        for item in levels[-1]:
            encoder = _ENCODERS.get(type(item))
            if encoder is not None:
                put(encoder(item, resp3, digits))
                continue
            if not isinstance(item, list):
                raise TypeError(f"no reply: {type(item).__name__}")
            mark, count = _aggregate(item, resp3)
            put(b"%b%d\r\n" % (mark, count))
            levels.append(iter(item))
            break
        else:
            levels.pop()


def _aggregate(reply: list[Reply], resp3: bool) -> tuple[bytes, int]:
    """The type byte of an aggregate, and the count behind it."""
    if resp3:
        for kind, mark in ((MapReply, b"%"), (SetReply, b"~"), (PushReply, b">")):
            if isinstance(reply, kind):
                return mark, len(reply) // 2 if kind is MapReply else len(reply)
    return b"*", len(reply)


def _bulk(reply: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(reply), reply)


def _double(value: float, resp3: bool, text: Callable[[float], bytes]) -> bytes:
    digits = text(value)
    return b",%b\r\n" % digits if resp3 else _bulk(digits)


def _boolean(value: bool, resp3: bool) -> bytes:
    if resp3:
        return b"#t\r\n" if value else b"#f\r\n"
    return b":1\r\n" if value else b":0\r\n"


def _verbatim(reply: Verbatim, resp3: bool) -> bytes:
    if not resp3:
        return _bulk(reply.text)
    return b"=%d\r\n%b:%b\r\n" % (len(reply.text) + 4, reply.kind, reply.text)


_ENCODERS: dict[type, Callable[..., bytes]] = {
    bytes: lambda reply, resp3, digits: _bulk(reply),
    bytearray: lambda reply, resp3, digits: _bulk(reply),
    int: lambda reply, resp3, digits: b":%d\r\n" % reply,
    bool: lambda reply, resp3, digits: _boolean(reply, resp3),
    float: _double,
    type(None): lambda reply, resp3, digits: b"_\r\n" if resp3 else b"$-1\r\n",
    NullArray: lambda reply, resp3, digits: b"_\r\n" if resp3 else b"*-1\r\n",
    Status: lambda reply, resp3, digits: b"+%b\r\n" % reply,
    BigNumber: lambda reply, resp3, digits: b"(%b\r\n" % reply if resp3 else _bulk(reply),
    Verbatim: lambda reply, resp3, digits: _verbatim(reply, resp3),
    ErrorReply: lambda reply, resp3, digits: b"-%b\r\n" % reply.text,
}
