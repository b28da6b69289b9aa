"""Command by command: what stands in the AOF in the styles of 6.0.8 and 7.4.1."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.machine import START_MS
from tests.unit.server.test_propagation import SEVEN, SIX, Client

SAME = None
AT = str(START_MS + 100_000)
NOW, NOW_S = str(START_MS), START_MS // 1000
KV = ["SET k v"]
X = ["XADD x 5-1 f v", "XGROUP CREATE x g 0"]
CLAIM = f"XCLAIM x g c 0 5-1 TIME {NOW} RETRYCOUNT 1 FORCE JUSTID LASTID 5-1"

#: What comes before, the command, what 6.0.8 logs, what 7.4.1 logs (SAME: that).
ROWS: list[tuple[list[str], str, list[str], list[str] | None]] = [
    (KV, "EXPIRE k 100", [f"PEXPIREAT k {AT}"], SAME),
    (KV, "PEXPIRE k 100000", [f"PEXPIREAT k {AT}"], SAME),
    (KV, f"EXPIREAT k {NOW_S + 100}", [f"PEXPIREAT k {AT}"], SAME),
    (KV, f"PEXPIREAT k {AT}", [f"PEXPIREAT k {AT}"], SAME),
    (KV, "EXPIRE k -1", ["DEL k"], SAME),
    (KV, "PEXPIREAT k 1", ["DEL k"], SAME),
    ([], "SET k v EX 100", ["SET k v", f"PEXPIREAT k {AT}"], [f"SET k v PXAT {AT}"]),
    ([], "SET k v PX 100000 NX", ["SET k v", f"PEXPIREAT k {AT}"], [f"SET k v PXAT {AT}"]),
    ([], "SETEX k 100 v", ["SET k v", f"PEXPIREAT k {AT}"], [f"SET k v PXAT {AT}"]),
    ([], "PSETEX k 100000 v", ["SET k v", f"PEXPIREAT k {AT}"], [f"SET k v PXAT {AT}"]),
    (KV, "SET k w KEEPTTL", ["SET k w KEEPTTL"], SAME),
    (KV, "SET k w XX", ["SET k w XX"], SAME),
    (KV, "GETSET k w", ["GETSET k w"], ["SET k w"]),
    (["SET n 10"], "INCRBYFLOAT n 0.5", ["SET n 10.5 KEEPTTL"], SAME),
    (["HSET h f 10"], "HINCRBYFLOAT h f 0.5", ["HSET h f 10.5"], SAME),
    (["SADD s m"], "SPOP s", ["SREM s m"], SAME),
    (["SADD s m n"], "SPOP s 5", ["DEL s"], SAME),
    (["RPUSH l a b"], "RPOPLPUSH l m", ["RPOPLPUSH l m"], SAME),
    ([], "GEOADD g 13.361389 38.115556 p", ["ZADD g 3479099956230698 p"], SAME),
    ([], "XADD x * f v", [f"XADD x {NOW}-0 f v"], SAME),
    (X, "XREADGROUP GROUP g c STREAMS x >",
     [CLAIM], ["MULTI", CLAIM, "XGROUP SETID x g 5-1 ENTRIESREAD 1", "EXEC"]),
    ([*X, "XREADGROUP GROUP g c STREAMS x >"], "XREADGROUP GROUP g c STREAMS x 0", [], SAME),
    (X, "XREADGROUP GROUP g c NOACK STREAMS x >",
     ["XGROUP SETID x g 5-1"],
     ["MULTI", "XGROUP CREATECONSUMER x g c", "XGROUP SETID x g 5-1 ENTRIESREAD 1", "EXEC"]),
    (X, "XACK x g 5-1", [], SAME),
    (["ZADD z 1 a"], "ZINCRBY z 2 a", ["ZINCRBY z 2 a"], SAME),
    (["SET n 1"], "DECRBY n 3", ["DECRBY n 3"], SAME),
    ([], "FLUSHALL", ["FLUSHALL"], SAME),
    (["DEL first"], "FLUSHDB", [], ["FLUSHDB"]),
    (KV, "FLUSHDB", ["FLUSHDB"], SAME),
]  # fmt: skip


def canonical(line: str) -> str:
    """Names of commands in one case: they are logged as they were sent, or as Redis spells them."""
    name, _, rest = line.partition(" ")
    return f"{name.upper()} {rest}".strip()


@pytest.mark.parametrize(("before", "line", "in_six", "in_seven"), ROWS)
def test_row(
    tmp_path: Path, before: list[str], line: str, in_six: list[str], in_seven: list[str] | None
) -> None:
    seven = in_six if in_seven is SAME else in_seven
    for style, expected in ((SIX, in_six), (SEVEN, seven)):
        client = Client(tmp_path / style, style)
        client("SET first 1", *before)
        assert [canonical(line) for line in client(line)] == expected, style
