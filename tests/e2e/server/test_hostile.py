"""Hostile clients against a real process: it stays alive, responsive and small."""

from __future__ import annotations

import gc
import random
import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import redis

from aofserver.config import Config
from aofserver.log import Log
from aofserver.server import Server
from tests.builders import command, commands
from tests.e2e.server.raw import Raw
from tests.e2e.server.serving import Running, serving

#: Seconds within which an ordinary client is served while others do their worst.
PATIENCE = 10.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("hostile") / "data"
    with serving(folder, "--appendonly", "yes", "--compat-version", "7.4") as running:
        yield running
        assert "Traceback" not in running.log.read_text(errors="replace")


def memory_of(server: Running) -> int:
    """Bytes of the process that are in RAM."""
    text = Path(f"/proc/{server.process.pid}/statm").read_text()
    return int(text.split()[1]) * resource.getpagesize()


def served_in(client: Any) -> float:
    """Seconds that a write and a read take."""
    began = time.monotonic()
    client.set("witness", began)
    assert float(client.get("witness")) == began
    return time.monotonic() - began


def rest(raw: Raw) -> bytes:
    """Everything that comes until the server closes."""
    got = b""
    with suppress(ConnectionError):
        while piece := raw.socket.recv(1 << 16):
            got += piece
    return got


def until_gone(client: Any, most: int) -> None:
    """Wait until the server has forgotten all but so many clients."""
    deadline = time.monotonic() + 20
    while client.info("clients")["connected_clients"] > most:
        assert time.monotonic() < deadline
        time.sleep(0.01)


# Slow ones.
def test_drops_of_a_request(server: Running, client: Any) -> None:
    """Fifty clients that send one byte at a time, none of which is ever ready."""
    data = command("SET", "slow", "x" * 40)
    with ExitStack() as stack:
        raws = [stack.enter_context(Raw(server)) for _ in range(50)]
        for at in range(len(data) - 1):
            for raw in raws:
                raw.socket.sendall(data[at : at + 1])
            if at % 10 == 0:
                assert served_in(client) < PATIENCE
        assert client.exists("slow") == 0
        for raw in raws:
            assert raw.say(data[-1:], 5) == b"+OK\r\n"


def test_a_large_value_that_never_ends(server: Running, client: Any) -> None:
    """What is announced costs nothing before it comes; what has come is given back."""
    before = memory_of(server)
    with ExitStack() as stack:
        raws = [stack.enter_context(Raw(server)) for _ in range(50)]
        for raw in raws:
            raw.socket.sendall(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$500000000\r\n" + b"x" * 1000)
        assert served_in(client) < PATIENCE
        assert memory_of(server) - before < 20 << 20
    assert client.exists("k") == 0


def test_readers_that_do_not_read(server: Running, client: Any) -> None:
    """Replies wait in the server up to the limit, and others are served meanwhile."""
    client.set("big", "x" * 1_000_000)
    before = client.config_get("client-output-buffer-limit")["client-output-buffer-limit"]
    client.config_set("client-output-buffer-limit", "normal 4mb 0 0")
    try:
        with ExitStack() as stack:
            raws = [stack.enter_context(Raw(server)) for _ in range(10)]
            for raw in raws:
                raw.socket.sendall(command("GET", "big") * 50)
            assert served_in(client) < PATIENCE
            until_gone(client, 1)
            for raw in raws:
                assert len(rest(raw)) < 50_000_000
    finally:
        client.config_set("client-output-buffer-limit", before)


# Half-closed and cut ones.
@pytest.mark.parametrize("last", [b"", b"*", b"*2\r\n$3\r\nGET\r\n$5", b"\xff" * 5000])
def test_whoever_closes_his_side_gets_what_he_asked_for(
    server: Running, client: Any, last: bytes
) -> None:
    with Raw(server) as raw:
        raw.socket.sendall(commands("SET a 1", "GET a", "PING") + last)
        raw.socket.shutdown(socket.SHUT_WR)
        assert rest(raw).startswith(b"+OK\r\n$1\r\n1\r\n+PONG\r\n")
    until_gone(client, 1)


def test_many_that_reset_their_connections(server: Running, client: Any) -> None:
    """Closed with data unread: the server's writes fail in every possible place."""
    client.set("big", "x" * 300_000)
    rng = random.Random(5)
    answered = [command("GET", "big") * 20, commands("MULTI", "SET a 1"),
                commands("MONITOR", "PING"), commands("SUBSCRIBE c", "PING")]  # fmt: skip
    silent = [b"*1\r\n$4\r\nPI", commands("BLPOP none 0"), command("SET", "k", "x" * 99)[:-1]]
    for _ in range(200):
        with Raw(server) as raw:
            raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            data = rng.choice(answered + silent)
            raw.socket.sendall(data)
            if data in answered and rng.random() < 0.5:
                raw.take(3)
    until_gone(client, 1)
    assert client.info("clients")["blocked_clients"] == 0
    assert served_in(client) < PATIENCE


# Garbage and huge counts.
@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"*1073741824\r\n", b"invalid multibulk length"),
        (b"*99999999999999999999\r\n", b"invalid multibulk length"),
        (b"*x\r\n", b"invalid multibulk length"),
        (b"*1\r\n$536870913\r\n", b"invalid bulk length"),
        (b"*1\r\n$-1\r\n", b"invalid bulk length"),
        (b"*1\r\n$9999999999999999999999\r\n", b"invalid bulk length"),
        (b"*1\r\n:5\r\n", b"expected '$', got ':'"),
        (b"*" + b"1" * 70_000, b"invalid multibulk length"),
        (b"*1\r\n$" + b"1" * 70_000, b"invalid bulk length"),
        (b"x" * 70_000, b"too big inline request"),
        (b'SET a "unbalanced\r\n', b"unbalanced quotes in request"),
    ],
)
def test_what_is_no_request_ends_the_connection(
    server: Running, client: Any, data: bytes, told: bytes
) -> None:
    before = memory_of(server)
    with Raw(server) as raw:
        with suppress(ConnectionError):
            raw.socket.sendall(commands("PING") + data)
        said = rest(raw)
    assert said.startswith(b"+PONG\r\n-ERR Protocol error: " + told), said[:200]
    assert memory_of(server) - before < 10 << 20
    assert served_in(client) < PATIENCE


def test_counts_without_what_they_count(server: Running, client: Any) -> None:
    """A million words are announced, and nothing is set aside for them."""
    before = memory_of(server)
    with ExitStack() as stack:
        for _ in range(100):
            raw = stack.enter_context(Raw(server))
            raw.socket.sendall(b"*1048576\r\n" + b"$1\r\na\r\n" * 10)
        assert served_in(client) < PATIENCE
        assert memory_of(server) - before < 20 << 20


@pytest.mark.parametrize(
    "line",
    ["LRANGE l 0 9223372036854775807", "SRANDMEMBER s 9223372036854775807",
     "SETRANGE k 536870911 xx", "SETBIT k 4294967296 1", "BITFIELD k SET u8 #99999999999 1",
     "ZRANGE z 0 9223372036854775807", "XREAD COUNT 9223372036854775807 STREAMS x 0",
     "SCAN 18446744073709551615 COUNT 9223372036854775807", "EVAL x 9223372036854775807",
     "LPOP l 9223372036854775807", "EXPIRE k 9223372036854775807", "SELECT 9223372036854775807",
     "ZINTER 9223372036854775807 a b", "OBJECT HELP", "CLIENT KILL ID 18446744073709551616",
     "XADD x MAXLEN 99999999999999999999 * a b", "INCRBY n 99999999999999999999"],
)  # fmt: skip
def test_huge_numbers_in_commands(server: Running, client: Any, line: str) -> None:
    client.rpush("l", 1)
    client.sadd("s", 1)
    before = memory_of(server)
    with Raw(server) as raw:
        raw.socket.sendall(commands(line, "PING"))
        said = b""
        while not said.endswith(b"+PONG\r\n"):
            piece = raw.socket.recv(1 << 16)
            assert piece, said
            said += piece
    assert memory_of(server) - before < 10 << 20
    assert served_in(client) < PATIENCE


def test_random_bytes_on_many_connections(server: Running, client: Any) -> None:
    """Requests with bytes turned over: each is answered, refused or waited for."""
    rng = random.Random(23)
    sound = commands("SET a 1", "HSET h f v", "MULTI", "INCR n", "EXEC", "LRANGE l 0 -1")
    for _ in range(300):
        data = bytearray(sound)
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        with Raw(server) as raw:
            with suppress(ConnectionError):
                raw.socket.sendall(data)
                raw.socket.shutdown(socket.SHUT_WR)
            rest(raw)
    until_gone(client, 1)
    assert served_in(client) < PATIENCE


# Many.
@pytest.fixture
def descriptors() -> Iterator[int]:
    """As many as this process may have, and what it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = 20_000 if hard == resource.RLIM_INFINITY else hard
    if allowed < 2000:
        pytest.skip("too few descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    yield allowed
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_10000_idle_connections(descriptors: int, tmp_path: Path) -> None:
    """What one of them costs is measured, and others do not wait for them."""
    count = min(10_000, descriptors - 500)
    with serving(tmp_path / "data", "--maxclients", str(count + 10)) as running:
        client = running.client()
        client.ping()
        before = memory_of(running)
        raws = []
        try:
            for _ in range(count):
                raws.append(Raw(running))
            for raw in raws:
                raw.socket.sendall(b"PING\r\n")
            assert {raw.take(7) for raw in raws} == {b"+PONG\r\n"}
            each = (memory_of(running) - before) / count
            assert client.info("clients")["connected_clients"] == count + 1
            # 2,500 were measured, with one request served by each.
            assert each < 8000, f"{each:.0f} bytes a connection"
            assert served_in(client) < PATIENCE
            assert client.client_kill_filter(_type="normal", skipme=True) == count
            until_gone(client, 1)
        finally:
            for raw in raws:
                raw.socket.close()
        assert served_in(client) < PATIENCE


def test_connections_that_come_and_go(server: Running, client: Any) -> None:
    """Nothing is left of ten thousand of them."""

    def storm(count: int) -> None:
        for _ in range(count):
            with Raw(server) as raw:
                raw.socket.sendall(b"PING\r\n")

    storm(1000)
    until_gone(client, 1)
    before = memory_of(server)
    threads = [threading.Thread(target=storm, args=(2500,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert served_in(client) < PATIENCE
    until_gone(client, 1)
    assert memory_of(server) - before < 8 << 20


def test_who_has_gone_leaves_no_circle(tmp_path: Path) -> None:
    """Only small collections run in the server: what points at itself would stay for ever."""
    server = Server(Config({"dir": str(tmp_path), "save": ""}), log=Log(tmp_path / "log"))
    with server.running_in_thread() as running:
        gc.collect()
        gc.disable()
        try:
            for _ in range(100):
                with socket.create_connection(("127.0.0.1", running.port)) as raw:
                    raw.sendall(b"PING\r\n")
                    assert raw.recv(7) == b"+PONG\r\n"
            deadline = time.monotonic() + 10
            while server.clients.sessions:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            assert gc.collect() < 100
        finally:
            gc.enable()


# At the door.
@contextmanager
def locked(folder: Path) -> Iterator[tuple[Running, Any]]:
    """A server with a password, and a client that knows it."""
    with serving(folder, "--compat-version", "7.4") as running:
        running.client().config_set("requirepass", "s3cret")
        client = redis.Redis(unix_socket_path=str(running.socket), password="s3cret")
        until_gone(client, 1)
        yield running, client
        client.close()


def test_a_flood_of_wrong_passwords(tmp_path: Path) -> None:
    with locked(tmp_path / "data") as (running, client):
        before = memory_of(running)
        refused = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"

        def flood(number: int) -> None:
            with Raw(running) as raw:
                data = b"".join(
                    command("AUTH", f"user-{number}-{at}", "x" * 500) for at in range(2000)
                )
                sender = threading.Thread(target=raw.socket.sendall, args=(data,))
                sender.start()
                assert raw.take(len(refused) * 2000) == refused * 2000
                sender.join()

        threads = [threading.Thread(target=flood, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            assert served_in(client) < PATIENCE
        until_gone(client, 1)
        assert memory_of(running) - before < 20 << 20
        assert len(client.acl_log()) <= 128
        assert "x" * 50 not in running.log.read_text()


def test_nobody_gets_far_without_a_password(tmp_path: Path) -> None:
    with locked(tmp_path / "data") as (running, client):
        for data, told in (
            (b"*11\r\n", b"-ERR Protocol error: unauthenticated multibulk length\r\n"),
            (b"*1\r\n$16385\r\n", b"-ERR Protocol error: unauthenticated bulk length\r\n"),
        ):
            with Raw(running) as raw:
                raw.socket.sendall(data)
                assert rest(raw) == told
        with Raw(running) as raw:
            refused = b"-NOAUTH Authentication required.\r\n"
            lines = commands("SET a 1", "MULTI", "INFO", "SHUTDOWN NOSAVE", "FLUSHALL", "MONITOR")
            assert raw.say(lines, len(refused) * 6) == refused * 6
        assert client.ping()
        client.set("a", "x" * 20_000)
