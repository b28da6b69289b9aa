"""redis-cli's modes against a real process: what people look at a server with."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.builders import command
from tests.e2e.server.raw import tool
from tests.e2e.server.serving import beside_a_real_one


@pytest.fixture(scope="module", params=["aofserver", "7.0"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    with beside_a_real_one(request.param, tmp_path_factory.mktemp("cli")) as path:
        yield path


@pytest.fixture
def client(server: Path) -> Iterator[Any]:
    found = redis.Redis(unix_socket_path=str(server))
    found.flushall()
    yield found
    found.close()


def only_here(server: Path) -> None:
    """Skip what a real server has and this one has not."""
    if server.name == "socket":
        pytest.skip("not of this server")


@pytest.fixture
def full(client: Any) -> Any:
    """Keys of every type, one of each that is the largest."""
    with client.pipeline(transaction=False) as pipe:
        for number in range(200):
            pipe.set(f"s:{number}", "v" * (number + 1))
        pipe.rpush("list:big", *range(500)).rpush("list:small", 1)
        pipe.sadd("set:big", *range(300)).hset("hash:big", mapping={f"f{n}": n for n in range(40)})
        pipe.zadd("zset:big", {f"m{n}": n for n in range(60)}).xadd("stream:big", {"a": "b"})
        pipe.execute()
    return client


def cli(server: Path, *words: str, stdin: bytes = b"", code: int = 0, seconds: int = 60) -> str:
    """What redis-cli prints, on both outputs."""
    argv = [tool("redis-cli"), "-s", str(server), *words]
    done = subprocess.run(
        argv, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds
    )
    assert done.returncode == code, done.stdout
    return done.stdout.decode(errors="replace")


@contextmanager
def running_cli(server: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A redis-cli that goes on until it is told to stop."""
    argv = [tool("redis-cli"), "-s", str(server), *words]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def lines_of(process: subprocess.Popen[bytes], count: int) -> list[str]:
    """So many lines of its output; fails where they do not come in time."""
    assert process.stdout is not None
    found: list[str] = []
    held = b""
    deadline = time.monotonic() + 20
    while len(found) < count:
        ready, _, _ = select.select([process.stdout], [], [], max(0, deadline - time.monotonic()))
        assert ready, (found, held)
        held += os.read(process.stdout.fileno(), 4096)
        *lines, held = re.split(rb"[\r\n]+", held)
        found += [line.decode() for line in lines if line]
    return found


# Commands.
def test_replies_are_printed_by_their_types(server: Path, full: Any) -> None:
    assert cli(server, "GET", "s:0") == "v\n"
    assert cli(server, "--no-raw", "GET", "nothing") == "(nil)\n"
    assert cli(server, "--no-raw", "LRANGE", "list:big", "0", "1") == '1) "0"\n2) "1"\n'
    assert cli(server, "-3", "--no-raw", "HGETALL", "hash:big").startswith(' 1# "f0" => "0"\n')
    assert cli(server, "-3", "--no-raw", "ZSCORE", "zset:big", "m1") == "(double) 1\n"
    assert "WRONGTYPE" in cli(server, "INCRBY", "list:big", "1")
    assert "WRONGTYPE" in cli(server, "-e", "LPUSH", "s:0", "x", code=1)
    assert cli(server, "-n", "3", "DBSIZE") == "0\n"
    assert cli(server, "-r", "3", "INCR", "n") == "1\n2\n3\n"
    assert cli(server, "--csv", "LRANGE", "list:big", "0", "1") == '"0","1"\n'
    assert cli(server, "-2", "--json", "LRANGE", "list:big", "0", "1").strip() == '["0","1"]'
    assert cli(server, "-x", "SET", "piped", stdin=b"from outside") == "OK\n"
    assert full.get("piped") == b"from outside"


def test_from_standard_input(server: Path, client: Any) -> None:
    out = cli(server, stdin=b'SET "a b" 1\nINCR "a b"\nMULTI\nINCR "a b"\nEXEC\nNOSUCH\nPING\n')
    assert out.split("\n")[:2] == ["OK", "2"]
    assert "unknown command" in out
    assert out.rstrip().endswith("PONG")
    assert client.get("a b") == b"3"


def test_scripts(server: Path, client: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.lua"
    path.write_text("redis.call('set', KEYS[1], ARGV[1]); return {KEYS[1], #ARGV, 'three'}")
    assert cli(server, "--eval", str(path), "k", ",", "v", "w") == "k\n2\nthree\n"
    assert client.get("k") == b"v"
    path.write_text("this is no Lua")
    assert "Error compiling script" in cli(server, "--eval", str(path))


def test_the_debugger_is_refused(server: Path, tmp_path: Path) -> None:
    """There is no debugger of scripts; redis-cli must not hang for it."""
    only_here(server)
    path = tmp_path / "x.lua"
    path.write_text("return 1")
    assert cli(server, "--ldb", "--eval", str(path)).endswith("\n1\n")


def test_pipe(server: Path, client: Any) -> None:
    lines = b"".join(command("SET", f"k{n}", "v" * (n % 100)) for n in range(5000))
    lines += command("LPUSH", "k0", "x") + command("NOSUCH") + command("SELECT", "1")
    out = cli(server, "--pipe", stdin=lines + command("SET", "last", "1"), code=1)
    assert "errors: 2, replies: 5004" in out
    assert "WRONGTYPE" in out
    assert client.dbsize() == 5000
    assert "errors: 0, replies: 1" in cli(server, "--pipe", stdin=b"SET inline 1\r\n")


# Walks over the keys.
def test_scan(server: Path, full: Any) -> None:
    assert len(cli(server, "--scan").split()) == 206
    assert sorted(cli(server, "--scan", "--pattern", "*:big").split()) == [
        "hash:big", "list:big", "set:big", "stream:big", "zset:big",
    ]  # fmt: skip
    assert len(cli(server, "--scan", "--pattern", "s:1?").split()) == 10


@pytest.mark.parametrize("mode", ["--bigkeys", "--memkeys"])
def test_the_biggest_keys(server: Path, full: Any, mode: str) -> None:
    out = cli(server, mode, "-i", "0")
    assert "Sampled 206 keys in the keyspace!" in out
    biggest = dict(re.findall(r"Biggest +(\w+) found '?\"([\w:]+)\"", out))
    string = biggest.pop("string")
    assert string == "s:199" if mode == "--bigkeys" else string.startswith("s:1")
    assert biggest == {
        "list": "list:big", "set": "set:big", "hash": "hash:big",
        "zset": "zset:big", "stream": "stream:big",
    }  # fmt: skip
    if mode == "--bigkeys":
        assert "'\"list:big\"' has 500 items" in out or '"list:big" has 500 items' in out
        assert "200 strings with 20100 bytes" in out


def test_hot_keys(server: Path, full: Any) -> None:
    assert "not selected" in cli(server, "--hotkeys", code=1)
    full.config_set("maxmemory-policy", "allkeys-lfu")
    try:
        full.config_set("lfu-log-factor", 0)
        for _ in range(60):
            full.get("s:42")
        out = cli(server, "--hotkeys")
        assert "Sampled 206 keys" in out
        (first, *_) = re.findall(r"hot key found with counter: (\d+)\s+keyname: \"?([\w:]+)", out)
        assert first[1] == "s:42"
        assert int(first[0]) > 40
    finally:
        full.config_set("maxmemory-policy", "noeviction")
        full.config_set("lfu-log-factor", 10)


# Figures.
def test_stat(server: Path, full: Any) -> None:
    with running_cli(server, "--stat", "-i", "0.05") as process:
        head, names, first, second = lines_of(process, 4)[:4]
    assert "- data -" in head
    assert names.split()[:4] == ["keys", "mem", "clients", "blocked"]
    keys, memory, clients, blocked, requests = first.split()[:5]
    assert (keys, blocked) == ("206", "0")
    assert memory.endswith("M")
    assert int(clients) >= 2
    assert int(second.split()[4]) > int(requests)


def test_latency(server: Path) -> None:
    with running_cli(server, "--latency-history", "-i", "0.1") as process:
        rows = lines_of(process, 3)
    assert [len(row.split()) for row in rows[:3]] == [4, 4, 4]
    with running_cli(server, "--latency-dist", "-i", "0.1") as process:
        assert lines_of(process, 2)
    argv = [tool("redis-cli"), "-s", str(server), "--raw", "--latency", "-i", "0.2"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30)
    least, most, average, samples = map(float, done.stdout.split()[:4])
    assert 0 <= least <= average <= most
    assert samples > 5


def test_monitor(server: Path, client: Any) -> None:
    with running_cli(server, "MONITOR") as process:
        assert lines_of(process, 1) == ["OK"]
        client.set("k", 'a "b"\n')
        row = ""
        while "SET" not in row:
            (row,) = lines_of(process, 1)
    assert re.fullmatch(r'\d+\.\d{6} \[0 unix:.*\] "SET" "k" "a \\"b\\"\\n"', row)


def test_messages(server: Path, client: Any) -> None:
    with running_cli(server, "SUBSCRIBE", "news") as process:
        lines_of(process, 3)
        assert client.publish("news", "hello") == 1
        assert lines_of(process, 3) == ["message", "news", "hello"]


# What needs replication, which this server has not.
@pytest.mark.parametrize(
    ("mode", "told"),
    [
        (["--rdb", "FILE"], "SYNC with master failed: -ERR This server does not replicate"),
        (["--replica"], "SYNC with master failed: -ERR This server does not replicate"),
        (["--functions-rdb", "FILE"], "Failed requesting functions only RDB from server"),
    ],
)
def test_modes_of_replicas_are_refused(
    server: Path, tmp_path: Path, mode: list[str], told: str
) -> None:
    only_here(server)
    words = [str(tmp_path / "dump.rdb") if word == "FILE" else word for word in mode]
    out = cli(server, *words, code=1, seconds=20)
    assert told in out


# At the prompt.
class Prompt:
    """redis-cli on a terminal."""

    def __init__(self, server: Path) -> None:
        self._shown = ""
        self._terminal, theirs = pty.openpty()
        # Else it asks the terminal how wide it is, and nobody answers.
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
        self._process = subprocess.Popen(
            [tool("redis-cli"), "-s", str(server)], stdin=theirs, stdout=theirs, stderr=theirs,
            env={**os.environ, "TERM": "xterm", "REDISCLI_HISTFILE": "/dev/null"},
        )  # fmt: skip
        os.close(theirs)

    def until(self, text: str, typed: str = "") -> str:
        """Type, and take what is shown up to this text."""
        os.write(self._terminal, typed.encode())
        deadline = time.monotonic() + 20
        while text not in self._shown:
            left = max(0, deadline - time.monotonic())
            ready, _, _ = select.select([self._terminal], [], [], left)
            assert ready, self._shown
            self._shown += os.read(self._terminal, 4096).decode(errors="replace")
        found, _, self._shown = self._shown.partition(text)
        return found

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)


def test_hints_come_from_the_server(server: Path, client: Any) -> None:
    """A redis-cli that is newer or older than the server asks it with COMMAND DOCS."""
    client.config_resetstat()
    prompt = Prompt(server)
    try:
        prompt.until("> ")
        calls = client.info("commandstats")["cmdstat_command|docs"]["calls"]
        assert calls == 1
        prompt.until("numkeys key", "zinterstore d ")
        prompt.until("> ", "\x15")  # Ctrl-U: the line is empty again
        prompt.until("offset value", "SETR\t ")
        prompt.until("> ", "\x15")
        seen = re.sub(r"\x1b\[[\d;]*\w", "", prompt.until("group:", "help getex\r"))
        assert "since: 6.2" in seen
        assert "summary:" in seen
        prompt.until("> ")
        prompt.until("(integer) 1", "incr n\r")
    finally:
        prompt.close()
