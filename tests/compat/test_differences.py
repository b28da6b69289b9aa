"""What commands are said to do otherwise than in a real server is so, and only here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis

from aofserver.commands import SERVER_TABLE
from tests.compat.differences import BEHAVIOUR, Behaviour
from tests.compat.servers import serving as real_serving
from tests.e2e.server.serving import serving

SHOWN = [row for row in BEHAVIOUR if row.call]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any]]:
    debug = ("--enable-debug-command", "yes")
    with (
        serving(
            tmp_path_factory.mktemp("ours") / "data", "--compat-version", "7.4", *debug
        ) as ours,
        real_serving("7.0", tmp_path_factory.mktemp("real"), *debug) as real,
    ):
        yield ours.client(), real


def answer(client: Any, call: str) -> str:
    """What it answers, the elements parted by bars."""
    try:
        reply = client.execute_command(*call.split())
    except redis.ResponseError as error:
        return f"ERR {error}"
    if isinstance(reply, list):
        reply = b"|".join(reply)
    return reply.decode(errors="replace") if isinstance(reply, bytes) else str(reply)


@pytest.mark.parametrize("row", SHOWN, ids=lambda row: row.command)
def test_only_here(row: Behaviour, both: tuple[Any, Any]) -> None:
    ours, real = both
    for client in both:
        client.set("n", 5)
    try:
        assert row.here in answer(ours, row.call)
        assert row.here not in answer(real, row.call)
    finally:
        real.execute_command("REPLICAOF", "NO", "ONE")


def test_rows_are_of_commands_and_their_families() -> None:
    declared = SERVER_TABLE.declared()
    for row in BEHAVIOUR:
        name = row.command.encode()
        assert name in declared or name.split()[0] in declared, row.command
        assert name.split()[0].decode() == (row.call.split() or [name.split()[0].decode()])[0]
