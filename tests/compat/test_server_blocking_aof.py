"""What serving clients that waited leaves in the AOF, on a real server and on ours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aoftool.format.resp.decode import decode_commands_at
from tests.compat.face import COMPAT, OPTIONS, Pair, path_of
from tests.compat.servers import AOF, AOF_DIR, RELEASES, WITH_AOF, serving
from tests.compat.stage import Stage
from tests.e2e.server.serving import serving as serving_ours

#: 6.2 says that a reader was made who acknowledges nothing; 6.0 keeps that to itself.
NOT_IN_6_0 = ("XGROUP CREATECONSUMER S G TWO",)
#: With streams 7.0 differs from 7.2 and later, where a command that has waited is run again: those
#: log what it would log without waiting.
PLAY = """
    a> BLPOP k 0
    b> BRPOP k 0
    c: RPUSH k 1 2 3
    a<
    b<
    a> BRPOPLPUSH k l 0
    c: DEL k
    c: MULTI ; RPUSH k 1 ; LPUSH k 0 ; EXEC
    a> BLPOP q 0
    b> BLMOVE p q LEFT RIGHT 0
    c: SELECT 1 ; RPUSH p 0 ; SELECT 0 ; LPUSH p x
    b<
    a<
    a> BZPOPMIN z 0
    b> BZPOPMAX z 0
    c: ZADD z 1 a 2 b
    a<
    b<
    a> SELECT 2 ; BLPOP k 0
    a<
    c: SELECT 2 ; RPUSH k 1 ; SELECT 0
    a<
    a> SELECT 0 ; BLPOP k 0
    a<
    c: EVAL redis.call('rpush',KEYS[1],1)return\\_redis.call('rpush',KEYS[1],2) 1 k
    a<
    6.2|c: XGROUP CREATE s g $ MKSTREAM
    6.2|a> XREADGROUP GROUP g one BLOCK 0 STREAMS s >
    6.2|b> XREADGROUP GROUP g two BLOCK 0 NOACK STREAMS s >
    6.2|c: XADD s 1-1 f v
    6.2|a<
    6.2|c: XADD s 1-2 f v
    6.2|b<
    a> BLPOP k k2 0
    b> BRPOPLPUSH w v 0
    c: RPUSH w e
    b<
    a<
    7.0|a> BLMPOP 0 1 m LEFT COUNT 2
    7.0|c: RPUSH m 1 2 3
    7.0|a<
    7.0|a> BZMPOP 0 1 y MAX
    7.0|c: ZADD y 1 2
    7.0|a<
    a: PUBLISH channel message
    a: MULTI ; PUBLISH channel message ; EXEC
    a: MULTI ; PUBLISH channel message ; SET x 1 ; EXEC
"""


def words(folder: Path) -> list[str]:
    """The commands of the AOF in a folder as lines, without times."""
    found = sorted((folder / AOF_DIR).glob("*.incr.aof")) or [folder / AOF]
    data = b"".join(path.read_bytes() for path in found)
    commands, ends = decode_commands_at(data, 0, len(data), 1 << 20)
    assert ends[-1] == len(data)
    lines = [b" ".join(argv).decode("latin-1") for argv in commands]
    return [re.sub(r"TIME \d+", "TIME t", line).upper() for line in lines]


@pytest.mark.parametrize("release", RELEASES)
def test_what_is_served_stands_behind_what_served_it(release: str, tmp_path: Path) -> None:
    real, ours = tmp_path / "real", tmp_path / "ours"
    real.mkdir()
    # Under everysec a write would wait for a slow sync.
    options = *WITH_AOF, "--appendfsync", "no", "--aof-use-rdb-preamble", "no"
    with (
        serving(release, real, *OPTIONS[release], *options) as client,
        serving_ours(ours, "--compat-version", COMPAT[release], *options) as running,
    ):
        servers = Pair(release, path_of(client), path_of(running.client()))
        with Stage(servers) as stage:
            stage.play(PLAY)
        servers.close()
        assert words(ours) == [line for line in words(real) if line not in NOT_IN_6_0]
