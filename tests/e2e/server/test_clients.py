"""Clients of every kind: well-behaved ones, fast ones, many, and broken ones."""

from __future__ import annotations

import asyncio
import random
import resource
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio

from tests.builders import command, commands
from tests.e2e.server.raw import Raw, tool
from tests.e2e.server.serving import Running, serving

AOF = ("--appendonly", "yes")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("clients") / "data", *AOF) as running:
        yield running


# Programs of Redis.
@pytest.mark.parametrize("pipeline", ["1", "16"])
def test_redis_benchmark(server: Running, client: Any, pipeline: str) -> None:
    argv = [tool("redis-benchmark"), "-s", str(server.socket), "-q", "-n", "1000", "-c", "20",
            "-P", pipeline, "-r", "500"]  # fmt: skip
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120)
    assert "requests per second" in done.stdout
    assert "rror" not in done.stdout + done.stderr.replace("ERROR: failed to fetch CONFIG", "")
    assert client.dbsize() > 100


def test_mass_insertion(server: Running, client: Any) -> None:
    lines = b"".join(command("SET", f"k{n}", "v" * (n % 100)) for n in range(20_000))
    argv = [tool("redis-cli"), "-s", str(server.socket), "--pipe"]
    done = subprocess.run(argv, input=lines, capture_output=True, check=True, timeout=60)
    assert b"errors: 0, replies: 20000" in done.stdout
    assert client.dbsize() == 20_000


# redis-py.
def test_types_and_transactions(client: Any) -> None:
    client.set("s", "x" * 3_000_000)
    assert client.strlen("s") == 3_000_000
    assert len(client.get("s")) == 3_000_000
    client.hset("h", mapping={"a": 1, "b": 2})
    client.zadd("z", {"a": 1.5})
    assert client.hgetall("h") == {b"a": b"1", b"b": b"2"}
    assert client.zrange("z", 0, -1, withscores=True) == [(b"a", 1.5)]
    assert client.xadd("x", {"f": "v"}, id="1-1") == b"1-1"
    with client.pipeline() as pipe:
        pipe.incr("n").incr("n").lpush("s", 1).get("n")
        answers = pipe.execute(raise_on_error=False)
    assert answers[0:2] == [1, 2]
    assert isinstance(answers[2], redis.ResponseError)
    assert answers[3] == b"2"


def test_watch(server: Running, client: Any) -> None:
    client.set("n", 1)
    with client.pipeline() as pipe:
        pipe.watch("n")
        server.client().incr("n")
        pipe.multi()
        pipe.set("n", 100)
        with pytest.raises(redis.WatchError):
            pipe.execute()
    assert client.get("n") == b"2"
    with client.pipeline() as pipe:
        pipe.watch("n")
        pipe.multi()
        pipe.set("n", 100)
        assert pipe.execute() == [True]


@pytest.mark.parametrize("protocol", [2, 3])
def test_both_protocols(server: Running, client: Any, protocol: int) -> None:
    spoken = redis.Redis(unix_socket_path=str(server.socket), protocol=protocol)
    spoken.zadd("z", {"a": 1.25, "b": 2})
    assert spoken.zscore("z", "a") == 1.25
    assert spoken.config_get("appendonly") == {"appendonly": "yes"}
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        spoken.lpush("z", 1)


def test_asyncio(server: Running, client: Any) -> None:
    async def work() -> list[int]:
        spoken = redis.asyncio.Redis(unix_socket_path=str(server.socket))
        try:
            return await asyncio.gather(*(spoken.incr("n") for _ in range(60)))
        finally:
            await spoken.aclose()

    assert sorted(asyncio.run(work())) == list(range(1, 61))


# Pieces, pipelines and large replies.
def test_a_pipeline_in_random_pieces(server: Running, client: Any) -> None:
    rng = random.Random(7)
    count = 3000
    data = b"".join(command("RPUSH", "l", "x" * rng.randrange(200)) for _ in range(count))
    expected = b"".join(b":%d\r\n" % n for n in range(1, count + 1))
    with Raw(server) as raw:
        at = 0
        while at < len(data):
            size = rng.choice([1, 2, 10, 500, 5000, 100_000])
            raw.socket.sendall(data[at : at + size])
            at += size
        assert raw.take(len(expected)) == expected


def test_a_reader_that_waits(server: Running, client: Any) -> None:
    """Much more is asked for than the client takes: the server holds it, and serves others."""
    client.set("big", "x" * 1_000_000)
    one = b"$1000000\r\n" + b"x" * 1_000_000 + b"\r\n"
    with Raw(server) as raw:
        raw.socket.sendall(command("GET", "big") * 30)
        assert client.incr("n") == 1
        for _ in range(30):
            assert raw.take(len(one)) == one


def test_other_writes_while_a_large_one_comes(server: Running, client: Any) -> None:
    with Raw(server) as raw:
        raw.socket.sendall(b"*3\r\n$6\r\nAPPEND\r\n$1\r\na\r\n$1000000\r\n" + b"x" * 400_000)
        assert client.append("a", "first") == 5
        raw.socket.sendall(b"x" * 600_000 + b"\r\n")
        assert raw.take(10) == b":1000005\r\n"


def test_1000_connections(server: Running, client: Any) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2500:
        pytest.skip("too few descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2500), hard))
    try:
        with ExitStack() as stack:
            raws = [stack.enter_context(Raw(server)) for _ in range(1000)]
            for raw in raws:
                raw.socket.sendall(command("INCR", "n"))
            seen = sorted(int(raw.socket.recv(100)[1:]) for raw in raws)
        assert seen == list(range(1, 1001))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert client.ping()


# Broken ones.
def test_garbage(server: Running, client: Any) -> None:
    rng = random.Random(11)
    alphabet = b"*$+-:\r\n0123456789PINGSETab\x00\xff "
    for _ in range(200):
        data = bytes(rng.choice(alphabet) for _ in range(rng.randrange(1, 300)))
        with Raw(server) as raw:
            try:
                raw.socket.sendall(data)
                raw.socket.shutdown(socket.SHUT_WR)
                while raw.socket.recv(1 << 16):
                    pass
            except OSError:
                continue
    assert client.ping()
    assert "Traceback" not in server.log.read_text(errors="replace")


def test_half_closed(server: Running, client: Any) -> None:
    """Whoever says all he has to say and closes that side: it was said."""
    with Raw(server) as raw:
        raw.socket.sendall(commands("SET a 1", "INCR a", "INCR a"))
        raw.socket.shutdown(socket.SHUT_WR)
        raw.take(1000)
    assert client.get("a") == b"3"


def test_gone_in_the_middle_of_a_transaction(server: Running, client: Any) -> None:
    with Raw(server) as raw:
        raw.say(commands("WATCH w", "MULTI", "SET a 1"), len(b"+OK\r\n+OK\r\n+QUEUED\r\n"))
    with Raw(server) as raw:
        raw.socket.sendall(commands("SET b 1") + b"*3\r\n$3\r\nSET\r\n$1\r\na")
    assert client.incr("w") == 1
    deadline = time.monotonic() + 10
    while not client.exists("b"):
        assert time.monotonic() < deadline
    assert client.exists("a") == 0


def test_gone_while_replies_wait(server: Running, client: Any) -> None:
    client.set("big", "x" * 1_000_000)
    for _ in range(5):
        with Raw(server) as raw:
            raw.socket.sendall(command("GET", "big") * 20)
            raw.take(10)
    assert client.ping()


def test_quit(server: Running) -> None:
    with Raw(server) as raw:
        assert raw.say(commands("PING", "QUIT", "PING"), 1000) == b"+PONG\r\n+OK\r\n"


def test_what_all_this_has_left_in_the_aof_is_sound(server: Running, client: Any) -> None:
    client.set("last", 1)
    before = client.execute_command("DEBUG DIGEST")
    assert client.execute_command("DEBUG LOADAOF") == b"OK"
    assert client.execute_command("DEBUG DIGEST") == before
    assert "Traceback" not in server.log.read_text(errors="replace")


def test_idle_clients_are_cut_off(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--timeout", "1", "--hz", "100") as running:
        with Raw(running) as raw:
            assert raw.take(1) == b""
        assert running.client().ping()
