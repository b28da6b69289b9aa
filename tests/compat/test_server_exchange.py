"""AOFs go both ways: what ours writes real servers check and load, and what they write ours loads.

A random workload of all groups, with a rewrite in the middle; DEBUG DIGEST tells whether the same
data came out.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from redis.exceptions import ResponseError

from aoftool.format.resp import encode_command
from aoftool.keyspace.command import TABLE, Flags
from tests.compat.differential import STYLES
from tests.compat.servers import AOF, AOF_DIR, RELEASES, WITH_AOF, run_checker
from tests.compat.servers import serving as really_serving
from tests.e2e.server.serving import serving
from tests.random_calls import RandomCalls, loses

VERSIONS = {"6.2": "6.0", "7.0": "7.4"}
CALLS = 3000
SEED = int(os.environ.get("AOF_SEED", "20"))


#: Since 6.2.x SINTERSTORE looks at the types of all its keys, not only up to the first missing one.
DIFFERENT = {"6.2": frozenset([b"SINTERSTORE"])}


def left_out(release: str) -> frozenset[bytes]:
    """Commands that wait, and those that the real server does not know.

    A session of the debugger ends with the connection.
    """
    return (
        frozenset([b"SCRIPT DEBUG"])
        | frozenset(
            name
            for name, row in TABLE.declared().items()
            if row.flags & Flags.BLOCKING or row.since > f"{release}.99"
        )
        | DIFFERENT.get(release, frozenset())
    )


def workload(release: str, count: int = CALLS) -> Iterator[list[bytes]]:
    """Calls whose effects do not hang on when they are made."""
    calls = RandomCalls(Random(SEED), left_out(release), short=False)
    now_ms = time.time_ns() // 1_000_000
    made = 0
    while made < count:
        argv = calls.next(now_ms)
        if not loses(argv, STYLES[release]):
            made += 1
            yield argv


def send(client: Any, calls: list[list[bytes]]) -> int:
    """Run them on one connection; how many were no error."""
    good = 0
    connection = client.connection_pool.get_connection()
    for at in range(0, len(calls), 100):
        batch = calls[at : at + 100]
        connection.send_packed_command([b"".join(map(encode_command, batch))])
        for _ in batch:
            try:
                connection.read_response()
                good += 1
            except ResponseError:
                continue
    client.connection_pool.release(connection)
    return good


def digest(client: Any) -> bytes:
    found: bytes = client.execute_command("DEBUG DIGEST")
    return found


def rewrite(client: Any) -> None:
    client.execute_command("BGREWRITEAOF")
    deadline = time.monotonic() + 20
    while client.info("persistence")["aof_rewrite_in_progress"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def debug(release: str) -> list[str]:
    return ["--enable-debug-command", "yes"] if release == "7.0" else []


# 7.0 cannot read the RDB version of 7.4.
@pytest.mark.parametrize(("release", "preamble"), [("6.2", "yes"), ("6.2", "no"), ("7.0", "no")])
def test_ours_in_a_real_server(tmp_path: Path, release: str, preamble: str) -> None:
    version = VERSIONS[release]
    folder = tmp_path / "data"
    options = [*WITH_AOF, "--compat-version", version, "--aof-use-rdb-preamble", preamble]
    calls = list(workload(release))
    with serving(folder, *options) as running:
        client = running.client()
        assert send(client, calls[: CALLS // 2]) > CALLS // 8
        client.execute_command("BGREWRITEAOF")
        send(client, calls[CALLS // 2 :])
        running.wait_for_log("Background AOF rewrite finished successfully")
        send(client, calls[:100])
        client.execute_command("DEBUG", "SET-ACTIVE-EXPIRE", "0")
        before = digest(client)
    code, output = run_checker(release, folder / AOF)
    assert code == 0, output
    with serving(folder, *options) as running:
        assert digest(running.client()) == before
    with really_serving(release, folder, *WITH_AOF, *debug(release)) as client:
        assert digest(client) == before


@pytest.mark.parametrize("preamble", ["yes", "no"])
@pytest.mark.parametrize("release", RELEASES)
def test_a_real_servers_in_ours(tmp_path: Path, release: str, preamble: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    calls = list(workload(release))
    options = [*WITH_AOF, "--aof-use-rdb-preamble", preamble, *debug(release)]
    with really_serving(release, folder, *options) as client:
        assert send(client, calls[: CALLS // 2]) > CALLS // 8
        rewrite(client)
        send(client, calls[CALLS // 2 :])
    # What Redis itself loses in its AOF, so that later commands fail, is not ours to find.
    with really_serving(release, folder, *options) as client:
        before = digest(client)
    assert (folder / (AOF_DIR if release == "7.0" else AOF)).exists()
    with serving(folder, *WITH_AOF, "--compat-version", VERSIONS[release]) as running:
        assert digest(running.client()) == before
    with serving(folder, *WITH_AOF, "--compat-version", VERSIONS[release]) as running:
        assert digest(running.client()) == before
