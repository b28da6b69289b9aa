"""Between replies and Lua values (``redisProtocolToLuaType``, ``luaReplyToRedisReply``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aoftool.format.resp.replies import (
    BigNumber,
    ErrorReply,
    MapReply,
    NullArray,
    Reply,
    SetReply,
    Status,
    Verbatim,
)
from aoftool.keyspace.numbers import INT64_MAX, INT64_MIN, format_score


@dataclass(frozen=True, slots=True)
class Refusal:
    """A command that a script may not call; ``text`` is without code and without position."""

    text: bytes


def to_lua(
    reply: Reply, new_table: Callable[..., Any], resp3: bool = False, modern: bool = True
) -> Any:
    """A command's reply as a script gets it; None stands for Lua's nil.

    ``resp3``: after ``redis.setresp(3)``. ``modern``: as 7.0 does it, which marks errors.
    """
    if isinstance(reply, Status):
        return new_table({b"ok": bytes(reply)})
    if isinstance(reply, ErrorReply):
        marked = {b"ignore_error_stats_update": True} if modern else {}
        return new_table({b"err": reply.text, **marked})
    if reply is None or isinstance(reply, NullArray):
        return None if resp3 else False
    if isinstance(reply, bool):
        return reply if resp3 else int(reply)
    if isinstance(reply, float):
        return new_table({b"double": reply}) if resp3 else format_score(reply)
    if isinstance(reply, bytearray):
        return bytes(reply)
    if isinstance(reply, Verbatim):
        if not (resp3 and modern):
            return reply.text
        inner = new_table({b"format": reply.kind, b"string": reply.text})
        return new_table({b"verbatim_string": inner})
    if not isinstance(reply, list):
        return reply
    items = [to_lua(item, new_table, resp3, modern) for item in reply]
    if resp3 and isinstance(reply, MapReply):
        pairs = dict(zip(items[::2], items[1::2], strict=True))
        return new_table({b"map": new_table(pairs)})
    if resp3 and isinstance(reply, SetReply):
        return new_table({b"set": new_table(dict.fromkeys(items, True))})
    return new_table(items)


def from_lua(
    resp3: bool, kind: bytes, value: Any = None, kinds: Any = None, values: Any = None
) -> Reply:
    """What a script returned as a reply.

    A table comes taken apart by the sandbox: ``value`` counts the entries of ``kinds`` and
    ``values``, where aggregates are opened and ended. ``resp3``: the script called
    ``redis.setresp(3)``.
    """
    if kind != b"table":
        return _scalar(kind, value, resp3)
    top: list[Reply] = []
    open_lists = [top]
    form = b""
    for at in range(1, int(value) + 1):
        kind, held = kinds[at], values[at]
        if kind in _LISTS:
            inner = _LISTS[kind]()
            open_lists[-1].append(inner)
            open_lists.append(inner)
        elif kind == b"end":
            open_lists.pop()
        elif kind == b"format":
            form = held[:3].ljust(3)
        elif kind == b"verbatim_string":
            open_lists[-1].append(Verbatim(held, form))
        else:
            open_lists[-1].append(_scalar(kind, held, resp3))
    return top[0]


_LISTS: dict[bytes, Callable[[], list[Reply]]] = {
    b"array": list, b"map": MapReply, b"set": SetReply,
}  # fmt: skip


def _scalar(kind: bytes, value: Any, resp3: bool) -> Reply:
    if kind == b"boolean":
        return value if resp3 else 1 if value else None
    if kind == b"nil":
        return None
    return _SCALARS[kind](value)


def _integer(value: float) -> int:
    """A Lua number as a reply: cut to an integer, as the C cast does."""
    if value != value:
        return INT64_MIN
    whole = int(max(min(value, 2.0**63), -(2.0**63)))
    return INT64_MIN if whole > INT64_MAX else whole


def _one_line(text: bytes) -> bytes:
    return text.replace(b"\r", b" ").replace(b"\n", b" ")


_SCALARS: dict[bytes, Callable[[Any], Reply]] = {
    b"string": bytes,
    b"number": _integer,
    b"double": float,
    b"err": lambda text: ErrorReply(_one_line(text)),
    b"ok": lambda text: Status(_one_line(text)),
    b"big_number": lambda text: BigNumber(_one_line(text)),
}
