"""Servers that end in the middle of things, and what is found afterwards."""

from __future__ import annotations

import random
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.e2e.server.serving import Running, serving, wait_until_written

AOF = ("--appendonly", "yes")
LISTS = 5
#: A limit for files that leaves room for the log, and what does not fit into it.
FULL, RANDOM = "50000", random.Random(1).randbytes(200_000)


def limit_files(running: Running, size: str) -> None:
    """Have files of the server grow no further, as on a disk that is full."""
    prlimit = shutil.which("prlimit")
    assert prlimit is not None
    pid = str(running.process.pid)
    subprocess.run([prlimit, "--pid", pid, f"--fsize={size}:unlimited"], check=True)


class Writer:
    """Appends 0, 1, 2... to lists in turn, one transaction after ten, until the server is gone.

    Attributes:
        acknowledged: how many numbers the server has taken.
    """

    def __init__(self, client: Any, begin: int) -> None:
        self.acknowledged = self._began = begin
        self._client = client
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            while True:
                number = self.acknowledged
                if number % 10 == 0:
                    with self._client.pipeline() as pipe:
                        pipe.rpush(f"list:{number % LISTS}", number)
                        pipe.rpush(f"list:{(number + 1) % LISTS}", number + 1)
                        pipe.execute()
                    self.acknowledged += 2
                else:
                    self._client.rpush(f"list:{number % LISTS}", number)
                    self.acknowledged += 1
        except redis.ConnectionError:
            return

    def wait_for(self, more: int) -> None:
        """Wait until so many more are acknowledged."""
        deadline = time.monotonic() + 20
        while self.acknowledged < self._began + more:
            assert time.monotonic() < deadline
            time.sleep(0.001)

    def join(self) -> int:
        self._thread.join()
        return self.acknowledged


def numbers(client: Any) -> list[int]:
    return sorted(int(n) for at in range(LISTS) for n in client.lrange(f"list:{at}", 0, -1))


@pytest.mark.parametrize("fsync", ["always", "everysec", "no"])
def test_what_is_left_is_a_prefix(tmp_path: Path, fsync: str) -> None:
    """Killed at any moment: nothing stands behind a gap, and nothing acknowledged is lost.

    But under everysec a write waits up to 2 s for a sync that is under way, and may be lost.
    """
    folder = tmp_path / "data"
    rng = random.Random(5)
    options = [*AOF, "--appendfsync", fsync]
    there = 0
    for round_ in range(3):
        with serving(folder, *options) as running:
            found = numbers(running.client())
            assert found == list(range(len(found)))
            assert len(found) >= there or fsync == "everysec"
            writer = Writer(running.client(), len(found))
            writer.wait_for(50)
            time.sleep(rng.random() / 5)
            if round_ % 2:
                running.client().bgrewriteaof()
                time.sleep(rng.random() / 10)
            running.kill()
            there = writer.join()
    with serving(folder, *options) as running:
        found = numbers(running.client())
        assert found == list(range(len(found)))
        assert len(found) >= there or fsync == "everysec"
        assert len(found) <= there + 2
        assert len(found) > 100 or fsync == "everysec"


def test_under_always_a_full_disk_ends_the_server_before_it_lies(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving(folder, *AOF, "--appendfsync", "always") as running:
        client = running.client()
        client.set("a", 1)
        limit_files(running, FULL)
        with pytest.raises(redis.ConnectionError):
            client.set("b", RANDOM)
        assert running.process.wait(10) == 1
        assert "Can't recover from AOF write error" in running.log.read_text()
    with serving(folder, *AOF) as running:
        assert running.client().keys() == [b"a"]


def test_a_disk_too_full_for_a_rewrite_leaves_the_old_aof(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving(folder, *AOF) as running:
        client = running.client()
        client.mset({f"k{n}": "v" * 100 for n in range(1000)})
        client.set("random", RANDOM)
        # Slow enough that the child cannot end before it is stopped.
        client.config_set("rdb-key-save-delay", 1000)
        client.bgrewriteaof()
        with running.child_stopped("rewriting started by pid ") as pid:
            subprocess.run(["prlimit", "--pid", str(pid), f"--fsize={FULL}:unlimited"], check=True)
        running.wait_for_log("Background AOF rewrite terminated with error")
        assert "Write error writing append only file on disk" in running.log.read_text()
        assert (folder / "appendonly.aof").read_bytes().startswith(b"*2")
        assert not list(folder.glob("temp-*"))
        client.set("later", 1)
        wait_until_written(client)
    with serving(folder, *AOF) as running:
        assert running.client().dbsize() == 1002


def test_a_snapshot_that_cannot_be_written_stops_writes(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving(folder, "--save", "1 1") as running:
        client = running.client()
        limit_files(running, FULL)
        client.set("a", RANDOM)
        running.wait_for_log("Background saving error")
        with pytest.raises(redis.ResponseError, match="MISCONF Redis is configured to save RDB"):
            client.set("a", 2)
        limit_files(running, "unlimited")
        assert client.bgsave()
        running.wait_for_log("Background saving terminated with success")
        client.set("a", 2)
        client.save()
    with serving(folder) as running:
        assert running.client().get("a") == b"2"


def test_turned_on_under_load(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving(folder) as running:
        writer = Writer(running.client(), 0)
        time.sleep(0.1)
        running.client().config_set("appendonly", "yes")
        running.wait_for_log("Background AOF rewrite finished successfully")
        time.sleep(0.1)
        running.kill()
        there = writer.join()
    with serving(folder, *AOF) as running:
        found = numbers(running.client())
        assert found == list(range(len(found)))
        assert 100 < len(found) <= there + 2
