"""The live server as a process: what it keeps, through restarts, kills and rewrites."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.compat.servers import run_checker
from tests.compat.servers import serving as really_serving
from tests.e2e.server.serving import serving, start, wait_until_written

AOF = ("--appendonly", "yes")


def digest(client: Any) -> bytes:
    found: bytes = client.execute_command("DEBUG DIGEST")
    return found


def fill(client: Any, count: int = 200) -> None:
    """Keys of every type, some with expiries, in two databases."""
    for index in (0, 3):
        client.execute_command("SELECT", index)
        with client.pipeline() as pipe:
            for n in range(count):
                pipe.set(f"s{n}", "v" * n)
                pipe.set(f"e{n}", n, ex=10_000)
                pipe.rpush(f"l{n % 5}", n, f"x{n}")
                pipe.sadd(f"t{n % 5}", n, f"m{n}")
                pipe.hset(f"h{n % 5}", f"f{n}", n)
                pipe.zadd(f"z{n % 5}", {f"m{n}": n / 3})
                pipe.xadd("stream", {"f": n})
            pipe.incrbyfloat("float", 1.25)
            pipe.spop("t1", 3)
            pipe.eval("redis.call('set', KEYS[1], ARGV[1])", 1, "script", "1")
            pipe.execute()
    client.execute_command("SELECT", 0)


@pytest.mark.parametrize("version", ["6.0", "7.4"])
@pytest.mark.parametrize("preamble", ["yes", "no"])
def test_restart_and_exchange_with_a_real_server(
    tmp_path: Path, version: str, preamble: str
) -> None:
    folder = tmp_path / "data"
    options = [*AOF, "--compat-version", version, "--aof-use-rdb-preamble", preamble]
    with serving(folder, *options) as running:
        client = running.client()
        client.connection_pool.max_connections = 1
        fill(client)
        client.bgrewriteaof()
        running.wait_for_log("Background AOF rewrite finished successfully")
        fill(client, 20)
        wait_until_written(client)
        before = digest(client)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(10) == 0
    with serving(folder, *options) as running:
        assert digest(running.client()) == before
    # Redis 7.0 cannot read what 7.4 writes in RDB form.
    if version == "7.4" and preamble == "yes":
        return
    release = "6.2" if version == "6.0" else "7.0"
    code, output = run_checker(release, folder / "appendonly.aof")
    assert code == 0, output
    debug = ["--enable-debug-command", "yes"] if release == "7.0" else []
    with really_serving(release, folder, *AOF, *debug) as client:
        assert digest(client) == before


def test_what_a_real_server_wrote(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with really_serving("6.2", folder, *AOF) as client:
        fill(client)
        client.bgrewriteaof()
        while client.info("persistence")["aof_rewrite_in_progress"]:
            pass
        fill(client, 10)
        wait_until_written(client)
        before = digest(client)
    with serving(folder, *AOF) as running:
        assert digest(running.client()) == before


class Load:
    """A client that counts up until its server is gone; ``acknowledged``: how far it came."""

    def __init__(self, client: Any, key: str) -> None:
        self.acknowledged = 0
        self._client, self._key = client, key
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            while True:
                self.acknowledged = self._client.incr(self._key)
        except redis.ConnectionError:
            return

    def join(self) -> int:
        self._thread.join()
        return self.acknowledged


@pytest.mark.parametrize("fsync", ["always", "everysec", "no"])
def test_kill_9_under_load(tmp_path: Path, fsync: str) -> None:
    """What was acknowledged was written before: a process that is killed loses none of it.

    But under everysec a write waits up to 2 s for a sync that is under way, and may be lost.
    """
    folder = tmp_path / "data"
    options = [*AOF, "--appendfsync", fsync, "--auto-aof-rewrite-percentage", "50",
               "--auto-aof-rewrite-min-size", "4kb"]  # fmt: skip
    keys = [f"counter:{n}" for n in range(4)]
    seen = dict.fromkeys(keys, 0)
    for is_last in (False, False, True):
        with serving(folder, *options) as running:
            client = running.client()
            for key, count in seen.items():
                found = int(client.get(key) or 0)
                assert found in (count, count + 1) or (fsync == "everysec" and found < count)
            loads = {key: Load(running.client(), key) for key in keys}
            while not all(load.acknowledged for load in loads.values()):
                time.sleep(0.01)
            time.sleep(0.2)
            if is_last:  # under load a rewrite takes a second: its child reads on while more comes
                running.wait_for_log("Background AOF rewrite finished successfully")
            running.kill()
            seen = {key: load.join() for key, load in loads.items()}
            assert min(seen.values()) > 0
    with serving(folder, *options) as running:
        assert "Background AOF rewrite finished successfully" in running.log.read_text()
        for key, count in seen.items():
            found = int(running.client().get(key))
            assert found in (count, count + 1) or (fsync == "everysec" and found < count)


@pytest.mark.parametrize("preamble", ["yes", "no"])
def test_rewrite_under_heavy_writes(tmp_path: Path, preamble: str) -> None:
    folder = tmp_path / "data"
    with serving(folder, *AOF, "--aof-use-rdb-preamble", preamble) as running:
        client = running.client()
        with client.pipeline() as pipe:
            for n in range(20_000):
                pipe.set(f"k{n}", f"value {n}")
            pipe.execute()
        client.bgrewriteaof()
        for n in range(100):
            with client.pipeline() as pipe:
                for at in range(200):
                    pipe.rpush(f"l{n}", "x" * 500, at)
                pipe.execute()
        running.wait_for_log("Background AOF rewrite finished successfully")
        client.set("last", 1)
        wait_until_written(client)
        before = digest(client)
        assert client.dbsize() == 20_101
    with serving(folder, *AOF) as running:
        assert digest(running.client()) == before


def test_a_killed_child_leaves_the_old_aof_in_force(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving(folder, *AOF) as running:
        client = running.client()
        client.mset({f"k{n}": "v" * 100 for n in range(50_000)})
        client.bgrewriteaof()
        with pytest.raises(redis.ResponseError, match="already in progress"):
            client.bgrewriteaof()
        pid = int(running.log.read_text().rsplit("rewriting started by pid ", 1)[1].split()[0])
        os.kill(pid, signal.SIGKILL)
        running.wait_for_log("Background AOF rewrite terminated by signal 9")
        client.set("later", 1)
        assert not list(folder.glob("temp-*"))
        wait_until_written(client)
        before = digest(client)
    with serving(folder, *AOF) as running:
        assert digest(running.client()) == before


def test_a_cut_tail_is_cut_off_and_kept(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving(folder, *AOF) as running:
        running.client().set("a", 1)
        running.client().set("b", 2)
        wait_until_written(running.client())
    path = folder / "appendonly.aof"
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    with serving(folder, *AOF) as running:
        assert running.client().keys() == [b"a"]
        assert "!!! Truncating the AOF at offset" in running.log.read_text()
        (kept,) = folder.glob("*.cut-*")
        assert path.read_bytes() + kept.read_bytes() == whole[:-5]
    path.write_bytes(whole[:-5])
    running = start(folder, tmp_path / "s", *AOF, "--aof-load-truncated", "no")
    assert running.process.wait(10) == 1
    assert "Unexpected end of file" in running.log.read_text()
    assert path.read_bytes() == whole[:-5]


@pytest.mark.parametrize(("bad", "words"), [
    (b"*1\r\n$6\r\nNOSUCH\r\n", "Unknown command 'NOSUCH'"),
    (b"?", "aoftool check"),
])  # fmt: skip
def test_damage_stops_the_start(tmp_path: Path, bad: bytes, words: str) -> None:
    folder = tmp_path / "data"
    with serving(folder, *AOF) as running:
        running.client().set("a", 1)
    path = folder / "appendonly.aof"
    path.write_bytes(path.read_bytes() + bad + b"*1\r\n$4\r\nPING\r\n")
    before = path.read_bytes()
    running = start(folder, tmp_path / "s", *AOF)
    assert running.process.wait(10) == 1
    assert words in running.log.read_text()
    assert "offset 50" in running.log.read_text()
    assert path.read_bytes() == before


def test_the_first_aof_is_made_of_the_snapshot(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving(folder) as running:
        fill(running.client())
        running.client().save()
        before = digest(running.client())
    with serving(folder, *AOF) as running:
        assert digest(running.client()) == before
        assert "The first AOF was written from dump.rdb" in running.log.read_text()
    (folder / "dump.rdb").unlink()
    with serving(folder, *AOF) as running:
        assert digest(running.client()) == before


@pytest.mark.parametrize("command", ["BGSAVE", "BGREWRITEAOF"])
def test_how_far_a_child_has_come_is_told(tmp_path: Path, command: str) -> None:
    options = (*AOF, "--compat-version", "7.4", "--rdb-key-save-delay", "5000")
    with serving(tmp_path / "data", *options) as running:
        client = running.client()
        for number in range(1000):
            client.set(f"k{number}", os.urandom(1000))
        idle = client.info("persistence")
        assert (idle["current_save_keys_total"], idle["current_cow_peak"]) == (0, 0)
        client.execute_command(command)
        seen: list[int] = []
        while len(seen) < 3:
            now = client.info("persistence")
            assert now["current_save_keys_total"] == 1000
            if now["current_save_keys_processed"] not in seen:
                seen.append(now["current_save_keys_processed"])
            time.sleep(0.02)
        assert seen == sorted(seen)
        assert seen[-1] < 1000
        assert now["current_fork_perc"] == pytest.approx(seen[-1] / 10)
        assert now["current_cow_peak"] >= now["current_cow_size"] > 0
        assert now["current_cow_size_age"] <= 2


def test_turned_on_while_it_runs(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving(folder) as running:
        client = running.client()
        fill(client)
        client.config_set("appendonly", "yes")
        client.set("while", 1)
        running.wait_for_log("Background AOF rewrite finished successfully")
        client.set("later", 1)
        wait_until_written(client)
        before = digest(client)
    with serving(folder, *AOF) as running:
        assert digest(running.client()) == before
        running.client().config_set("appendonly", "no")
        running.client().set("unlogged", 1)
    with serving(folder, *AOF) as running:
        assert digest(running.client()) == before


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    """Writes are refused while the AOF cannot grow, and go on when it can."""
    folder = tmp_path / "data"
    limited = shutil.which("prlimit")
    assert limited is not None
    with serving(folder, *AOF) as running:
        client = running.client()
        client.set("a", 1)
        pid = str(running.process.pid)
        subprocess.run([limited, "--pid", pid, "--fsize=300:unlimited"], check=True)
        client.set("b", "x" * 1000)  # the reply leaves: everysec promises nothing yet
        running.wait_for_log("Short write while writing to the AOF file")
        with pytest.raises(redis.ResponseError, match="MISCONF Errors writing to the AOF file"):
            client.set("c", 1)
        assert client.get("a") == b"1"
        subprocess.run([limited, "--pid", pid, "--fsize=unlimited:unlimited"], check=True)
        running.wait_for_log("AOF write error looks solved")
        client.set("c", 1)
        wait_until_written(client)
        before = digest(client)
    with serving(folder, *AOF) as running:
        assert digest(running.client()) == before
