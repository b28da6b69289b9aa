"""A digest of a whole keyspace that equals what ``DEBUG DIGEST`` of a real server says (debug.c).

It tells the same keyspaces apart from different ones whatever their encodings and order; of
expiries it only tells whether a key has one, as the servers' does.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha1
from struct import pack
from typing import Any

from aoftool.keyspace.keyspace import Keyspace
from aoftool.keyspace.packed import PackedList
from aoftool.keyspace.stream import Stream
from aoftool.keyspace.values import HashValue, LongList, SetValue, ShortList, ZSetValue

_SIZE = 20
#: Object type numbers of server.h, which go into the digest.
_STRING, _LIST, _SET, _ZSET, _HASH, _STREAM = 0, 1, 2, 3, 4, 6


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _xor(digest: int, data: bytes) -> int:
    """Order does not matter to what is mixed in by this (``xorDigest``)."""
    return digest ^ _number(sha1(data, usedforsecurity=False).digest())


def _mix(digest: int, data: bytes) -> int:
    """Order matters to what is mixed in by this (``mixDigest``)."""
    mixed = _xor(digest, data).to_bytes(_SIZE, "big")
    return _number(sha1(mixed, usedforsecurity=False).digest())


def _xor_digest(digest: int, inner: int) -> int:
    return _xor(digest, inner.to_bytes(_SIZE, "big"))


def keyspace_digest(keyspace: Keyspace) -> str:
    """40 hexadecimal digits, zeros for an empty keyspace (``computeDatasetDigest``)."""
    total = 0
    for database in keyspace.databases:
        if not database.data:
            continue
        total = _mix(total, pack(">I", database.index))
        for key, value in database.data.items():
            inner = value_digest(value, key in database.expires, _mix(0, key))
            total = _xor_digest(total, inner)
    return f"{total:040x}"


def value_digest(value: Any, expires: bool, start: int = 0) -> int:
    """The digest of one value, as DEBUG DIGEST-VALUE has it (``xorObjectDigest``)."""
    kind, mix = _KINDS[type(value)]
    digest = mix(_mix(start, pack(">I", kind)), value)
    return _xor(digest, b"!!expire!!") if expires else digest


def _string(digest: int, value: bytes) -> int:
    return _mix(digest, value)


def _list(digest: int, value: Any) -> int:
    for element in value:
        digest = _mix(digest, element)
    return digest


def _set(digest: int, value: SetValue) -> int:
    for member in value:
        digest = _xor(digest, member)
    return digest


def _zset(digest: int, value: ZSetValue) -> int:
    for member, score in value.scores.items():
        digest = _xor_digest(digest, _mix(_mix(0, member), b"%.17g" % score))
    return digest


def _hash(digest: int, value: HashValue) -> int:
    for name, text in value.items():
        digest = _xor_digest(digest, _mix(_mix(0, name), text))
    return _xor(digest, b"!!hexpire!!") if value.expires else digest


def _stream(digest: int, value: Stream) -> int:
    for (ms, seq), words in value.to_rdb().entries:
        digest = _mix(digest, b"%d.%d" % (ms, seq))
        for word in words:
            digest = _mix(digest, word)
    return digest


_KINDS: dict[type, tuple[int, Callable[[int, Any], int]]] = {
    bytes: (_STRING, _string),
    bytearray: (_STRING, _string),
    ShortList: (_LIST, _list),
    LongList: (_LIST, _list),
    PackedList: (_LIST, _list),
    SetValue: (_SET, _set),
    ZSetValue: (_ZSET, _zset),
    HashValue: (_HASH, _hash),
    Stream: (_STREAM, _stream),
}
