"""Between replies and Lua values (``redisProtocolToLuaType``, ``luaReplyToRedisReply``)."""

from __future__ import annotations

from typing import Any

from aoftool.format.resp.replies import (
    ErrorReply,
    MapReply,
    NullArray,
    Reply,
    SetReply,
    Status,
    Verbatim,
)
from aoftool.keyspace.numbers import INT64_MAX, INT64_MIN, format_score

#: How deep a table may nest before its reply is an error (``LUAI_MAXCSTACK`` in effect).
MAX_DEPTH = 4000


def to_lua(reply: Reply, runtime: Any, resp3: bool = False) -> Any:
    """A command's reply as a script gets it; None stands for Lua's nil."""
    if isinstance(reply, Status):
        return runtime.table_from({b"ok": bytes(reply)})
    if isinstance(reply, ErrorReply):
        return runtime.table_from({b"err": reply.text})
    if reply is None or isinstance(reply, NullArray):
        return None if resp3 else False
    if isinstance(reply, bool):
        return reply if resp3 else int(reply)
    if isinstance(reply, float):
        return runtime.table_from({b"double": reply}) if resp3 else format_score(reply)
    if isinstance(reply, bytearray):
        return bytes(reply)
    if isinstance(reply, Verbatim):
        return reply.text
    if not isinstance(reply, list):
        return reply
    if resp3 and isinstance(reply, MapReply):
        pairs = zip(reply[::2], reply[1::2], strict=True)
        inner = {to_lua(key, runtime, resp3): to_lua(held, runtime, resp3) for key, held in pairs}
        return runtime.table_from({b"map": runtime.table_from(inner)})
    if resp3 and isinstance(reply, SetReply):
        inner = {to_lua(item, runtime, resp3): True for item in reply}
        return runtime.table_from({b"set": runtime.table_from(inner)})
    return runtime.table_from([to_lua(item, runtime, resp3) for item in reply])


def from_lua(value: Any, is_table: Any, resp3: bool = False, depth: int = 0) -> Reply:
    """What a script returned as a reply. ``is_table`` tells Lua tables from other values."""
    if value is None or value is False:
        return None if value is None or not resp3 else False
    if value is True:
        return True if resp3 else 1
    if isinstance(value, bytes):
        return value
    if isinstance(value, (int, float)):
        return _integer(value)
    if not is_table(value):
        return None
    if depth > MAX_DEPTH:
        return ErrorReply(b"ERR reached lua stack limit")
    return _table(value, is_table, resp3, depth)


def _integer(value: float) -> int:
    """A Lua number as a reply: cut to an integer, as the C cast does."""
    if value != value:
        return INT64_MIN
    whole = int(max(min(value, 2.0**63), -(2.0**63)))
    return INT64_MIN if whole > INT64_MAX else whole


def _table(table: Any, is_table: Any, resp3: bool, depth: int) -> Reply:
    err, ok = table[b"err"], table[b"ok"]
    if isinstance(err, bytes):
        return ErrorReply(_one_line(err))
    if isinstance(ok, bytes):
        return Status(_one_line(ok))
    if isinstance(table[b"double"], (int, float)):
        return float(table[b"double"])
    for name, kind in ((b"map", MapReply), (b"set", SetReply)):
        inner = table[name]
        if is_table(inner):
            flat = [
                from_lua(word, is_table, resp3, depth + 1)
                for pair in inner.items()
                for word in (pair if kind is MapReply else pair[:1])
            ]
            return kind(flat) if resp3 else list(flat)
    found: list[Reply] = []
    at = 1
    while (item := table[at]) is not None:
        found.append(from_lua(item, is_table, resp3, depth + 1))
        at += 1
    return found


def _one_line(text: bytes) -> bytes:
    return text.replace(b"\r", b" ").replace(b"\n", b" ")
