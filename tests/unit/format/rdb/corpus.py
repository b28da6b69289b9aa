"""The files that real servers wrote (``tests/data/corpus``) and the truth they told about them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from aoftool.format.rdb import Key, StreamValue
from aoftool.format.rdb.stream import format_id
from tests.corpus import SERVERS, unpacked

DATA = Path(__file__).parents[3] / "data"
SMALL = DATA / "rdb" / "small-7.0.15.rdb"

__all__ = ["DATA", "SERVERS", "SMALL", "dump", "tell", "tell_value", "text", "truth", "unpacked"]


@cache
def dump(server: str) -> bytes:
    """The file that ``server`` saved."""
    return (unpacked() / server / "rdb" / "dump.rdb").read_bytes()


def truth(server: str) -> dict[str, dict[str, list[Any]]]:
    """Its keyspace, as it told it: {db: {base64 key: [type, value, expiry in ms or null]}}."""
    found: dict[str, dict[str, list[Any]]] = json.loads(
        (unpacked() / server / "rdb" / "truth.json").read_bytes()
    )
    return found


def text(value: bytes) -> str:
    """Base64, as the truth writes bytes."""
    return base64.b64encode(value).decode()


def tell(key: Key) -> list[Any]:
    """A decoded key as the truth tells it: [type, value, expiry]."""
    return [key.kind, tell_value(key.kind, key.value), key.expire_at_ms]


def tell_value(kind: str, value: Any) -> Any:
    """A decoded value as the truth tells it."""
    return _TELL[kind](value)


def _texts(items: list[bytes]) -> list[str]:
    return [text(item) for item in items]


def _hash(fields: list[tuple[bytes, bytes, int | None]]) -> Any:
    pairs = sorted([text(name), text(value)] for name, value, _ in fields)
    expiries = {text(name): at for name, _, at in fields if at is not None}
    return {"fields": pairs, "ttl": expiries} if expiries else pairs


def _zset(pairs: list[tuple[bytes, float]]) -> list[list[str]]:
    ranked = sorted(pairs, key=lambda pair: (pair[1], pair[0]))
    return [[text(member), score.hex()] for member, score in ranked]


def _stream(stream: StreamValue) -> dict[str, Any]:
    return {
        "entries": [[text(format_id(at)), _texts(body)] for at, body in stream.entries],
        "last": text(format_id(stream.last_id)),
        "groups": [
            {
                "name": text(group.name),
                "last": text(format_id(group.last_id)),
                "pending": [
                    [text(format_id(entry.id)), text(entry.consumer), entry.delivery_count]
                    for entry in group.pending
                ],
            }
            for group in stream.groups
        ],
    }


_TELL: dict[str, Callable[[Any], Any]] = {
    "string": text,
    "list": _texts,
    "set": lambda members: sorted(_texts(members)),
    "zset": _zset,
    "hash": _hash,
    "stream": _stream,
}
