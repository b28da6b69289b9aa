"""What commands leave in the AOF, word by word beside what real servers leave there.

6.2 stands for the style of 6.0.8 as far as both log the same: SET with an expiry and its kin,
which 6.0.8 logs as two records, are held in tests/unit/server/test_propagation.py.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from aoftool.format.resp.decode import decode_commands_at
from tests.compat.differential import Real, logging
from tests.fakes.machine import QUICK, Machine, Now

STYLES = {"6.2": "6.0", "7.0": "7.4"}
#: Each row begins on an empty keyspace: what is set up, and what is then looked at.
Row = tuple[str, ...]

BOTH: list[Row] = [
    ("SET a 1", "EXPIRE a 100", "PEXPIRE a 100000", "EXPIREAT a 4000000000", "PERSIST a"),
    ("SET a 1", "PEXPIREAT a 4000000000000"),
    ("SET a 1", "EXPIRE a -1"),
    ("SET a 1", "PEXPIREAT a 1"),
    ("SET a 1", "SET a 2 KEEPTTL", "SET a 3 XX", "SET a 3 NX", "SET b 1 NX", "set C 1"),
    ("SETNX a 1", "MSETNX b 1 c 2", "MSET d 1 e 2", "APPEND a xyz", "SETRANGE a 2 zz", "INCR n"),
    ("INCRBY n 5", "DECR n", "DECRBY n 3", "SETBIT b 7 1", "BITOP NOT c b",
     "BITFIELD b SET u8 0 9"),
    ("SET f 1", "INCRBYFLOAT f 0.5", "HINCRBYFLOAT h f 1.25", "HINCRBY h g 3"),
    ("SADD s only", "SPOP s"),
    ("SADD s 1 2 3", "SPOP s 5"),
    ("RPUSH l a b c d", "BLPOP l 0", "BRPOP l 0", "BRPOPLPUSH l m 0", "RPOPLPUSH l m"),
    ("RPUSH l a b c d", "LPOP l", "RPOP l", "LREM l 0 b", "LSET l 0 z", "LTRIM l 5 9"),
    ("ZADD z 1 a 2 b 3 c 4 d", "BZPOPMIN z 0", "BZPOPMAX z 0", "ZPOPMIN z", "ZPOPMAX z 1"),
    ("ZADD z 1 a", "ZINCRBY z 0.1 a", "ZADD z INCR 1.5 a", "ZADD z NX 5 a", "ZADD z XX CH 7 a"),
    ("GEOADD g 13.361389 38.115556 p", "GEORADIUS g 13 38 500 km STORE h"),
    ("RPUSH l 3 1 2", "SORT l STORE m", "ZADD z 1 a", "ZUNIONSTORE y 1 z", "SADD s 1",
     "SUNIONSTORE t s"),
    ("SET a 1", "MOVE a 1", "SET b 1", "RENAME b c", "SWAPDB 0 1", "RENAMENX a d"),
    ("XADD x 5-1 f v", "XADD x 5-2 f v MORE w", "XTRIM x MAXLEN 1", "XDEL x 5-2",
     "XADD x MAXLEN = 1 6-1 a b"),
    ("XADD x 5-1 f v", "XGROUP CREATE x g 0", "XGROUP SETID x g 5-1", "XACK x g 5-1",
     "XGROUP DESTROY x g"),
    ("XADD x 5-1 f v", "XSETID x 9-9", "XADD x MAXLEN ~ 100 10-1 a b"),
    ("PFADD p a b c", "PFCOUNT p", "PFADD q z", "PFMERGE p q", "PFCOUNT p"),
    ("SET a 1", "GET a", "TOUCH a", "OBJECT ENCODING a", "STRLEN a", "BITFIELD a GET u8 0",
     "TYPE a"),
    ("SET a 1", "DEL a none", "DEL none", "SET a 1", "UNLINK a", "SREM none x", "HDEL none f"),
    ("SELECT 3", "SET a 1", "SELECT 0", "SET a 1", "SELECT 3", "DEL a"),
    ("SET a 1", "MULTI", "SET b 1", "SET c 1", "EXEC"),
    ("SET a 1", "MULTI", "GET a", "EXEC"),
    ("SET a 1", "MULTI", "SELECT 2", "SET b 1", "SELECT 0", "SET c 1", "EXEC"),
    ("SELECT 1", "MULTI", "INCR a", "INCR b", "EXEC"),
    ("SET a 1", "EVAL return(redis.call('get','a')) 0"),
    ("SET a 1", "EVAL redis.call('set','b','1')redis.call('incr','b') 0"),
    ("SET a 1",
     "EVAL redis.call('select','4')redis.call('set','b','1')redis.call('incr','b') 0", "INCR a"),
    ("SADD s 1 2 3", "SMOVE s t 1", "SINTERSTORE u s t", "SDIFFSTORE u s t"),
    ("HSET h a 1 b 2", "HMSET h c 3", "HSETNX h a 5", "HSETNX h d 5", "HDEL h a zz",
     "HDEL h b c d"),
    ("SET a 1", "FLUSHDB", "SET b 1", "FLUSHALL"),
    ("RPUSH l a", "LINSERT l BEFORE a x", "LPUSHX l y", "RPUSHX none y"),
    ("SET a 1", "COPY a b", "COPY a b REPLACE", "GETDEL a", "GETEX b PERSIST"),
    ("RPUSH l a b", "LMOVE l m LEFT RIGHT", "BLMOVE l m LEFT LEFT 0"),
    ("ZADD z 1 a 2 b", "ZRANGESTORE y z 0 0", "ZDIFFSTORE w 1 z"),
]  # fmt: skip
ONLY_7: list[Row] = [
    ("SET a 1 EX 100", "SET b 1 PX 100000", "SETEX c 100 1", "PSETEX d 100000 1"),
    ("SET a 1 PXAT 4000000000000", "SET a 1 EXAT 4000000000", "SET a 1 PX 100000 GET"),
    ("SET a 1 GET", "GETSET a 2", "GETEX a EX 100", "GETEX a PXAT 1", "GETEX a"),
    ("SET a 1", "EXPIRE a 100 NX", "EXPIRE a 100 NX", "EXPIRE a 50 LT", "PEXPIRE a 1000000 GT"),
    ("RPUSH l a b c", "LMPOP 1 l LEFT COUNT 2", "BLMPOP 0 1 l RIGHT COUNT 9"),
    ("ZADD z 1 a 2 b 3 c", "ZMPOP 1 z MIN", "BZMPOP 0 1 z MAX COUNT 9"),
    ("SET a 1", "MULTI", "SET b 1", "EXEC"),
    ("SET a 1", "MULTI", "DEL none", "EXEC"),
    ("SET a 1", "EVAL redis.call('set','b','1') 0", "SCRIPT LOAD return"),
    ("XADD x 5-1 f v", "XGROUP CREATE x g 0", "XREADGROUP GROUP g c NOACK STREAMS x >"),
    ("XADD x 5-1 f v", "XGROUP CREATE x g 0", "XCLAIM x g c 0 5-1 TIME 1 FORCE",
     "XCLAIM x g d 0 5-1", "XAUTOCLAIM x g e 0 0", "XGROUP DELCONSUMER x g e"),
    ("SET a 1", "SORT none STORE a"),
    ("FLUSHDB",),
]  # fmt: skip
CASES = [(release, row) for release in STYLES for row in BOTH] + [("7.0", row) for row in ONLY_7]


def records(data: bytes) -> list[bytes]:
    """Commands as lines; times near now, which differ between two runs, as words."""
    if not data:
        return []
    commands, _ = decode_commands_at(data, 0, len(data), 1 << 20)
    lines = [_without_times(b" ".join(argv)) for argv in commands]
    # 6.2 and 7.0 select before MULTI where 6.0.8 and 7.4.1 do so inside.
    for at in range(1, len(lines)):
        if lines[at] == b"MULTI" and lines[at - 1].startswith(b"SELECT "):
            lines[at - 1 : at + 1] = lines[at], lines[at - 1]
    return lines


def _without_times(line: bytes) -> bytes:
    now_ms = time.time_ns() // 1_000_000

    def word(match: re.Match[bytes]) -> bytes:
        near = abs(int(match[0]) - now_ms) < 2_000_000
        return b"<ms>" if near else match[0]

    return re.sub(rb"\b[12]\d{12}\b", word, line)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Real, Path]]]:
    """A connection to each server, and its AOF."""
    with logging(tmp_path_factory.mktemp("aof")) as servers:
        yield servers


def _refused(reply: Any) -> bool:
    return isinstance(reply, str) and reply.startswith("-")


@pytest.mark.parametrize(("release", "row"), CASES, ids=lambda value: str(value)[:60])
def test_every_record(
    tmp_path: Path, real: dict[str, tuple[Real, Path]], release: str, row: Sequence[str]
) -> None:
    client, path = real[release]
    client(["SELECT", 0])
    client(["FLUSHALL"])
    client(["SET", "mark", 1])
    client(["DEL", "mark"])
    before = path.stat().st_size
    machine = Machine(
        tmp_path, QUICK, Now(time.time_ns() // 1_000_000), compat_version=STYLES[release]
    ).boot()
    machine.run("SET", "mark", "1")
    machine.run("DEL", "mark")
    mark = len(machine.aof)
    for line in row:
        assert not _refused(client(line.split())), line
        assert not machine.run(*line.split()).startswith(b"-"), line
    machine.persistence.aof.writer.flush(force=True)
    assert records(machine.aof[mark:]) == records(path.read_bytes()[before:])
    machine.close()
