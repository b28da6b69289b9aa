"""A disk that is really full: a file system of two megabytes, in a mount namespace of the test."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.e2e.server.serving import Running, serving, wait_until_loaded, wait_until_written

_APART = ("unshare", "--user", "--map-root-user", "--mount")
#: Bytes of the file system, and of a file in it that can be taken away.
_SIZE, _BALLAST = 2 << 20, 1 << 20


def _may_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        words = [*_APART, "mount", "-t", "tmpfs", "none", folder]
        return subprocess.run(words, check=False, capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(not _may_mount(), reason="this user may not mount a tmpfs")


class Small:
    """A server on the small disk; ``files``: its folder, also when the server has died."""

    def __init__(self, running: Running, files: Path) -> None:
        self.running = running
        self.files = files

    def make_room(self) -> None:
        """Take the ballast away."""
        (self.files / "ballast").unlink()


@contextmanager
def small_disk(folder: Path, *options: str) -> Iterator[Small]:
    """A server on a disk that is half full; both are gone at the end of the block."""
    folder.mkdir()
    log = folder.with_name("log")
    with tempfile.TemporaryDirectory(prefix="aof-") as short:
        socket = Path(short) / "s"
        argv = [sys.executable, "-m", "aofserver", "--port", "0", "--unixsocket", str(socket),
                "--dir", str(folder), "--save", "", "--appendonly", "yes", *options]  # fmt: skip
        where = shlex.quote(str(folder))
        script = (
            f"mount -t tmpfs -o size={_SIZE} none {where} && "
            f"head -c {_BALLAST} /dev/zero > {where}/ballast && "
            # What keeps the file system there when the server has ended.
            f"sleep 600 & echo $! > {short}/holder && exec {shlex.join(argv)}"
        )
        with log.open("ab") as sink:
            process = subprocess.Popen([*_APART, "sh", "-c", script], stdout=sink, stderr=sink)
        running = Running(process, socket, log)
        try:
            wait_until_loaded(running)
            holder = int((Path(short) / "holder").read_text())
            yield Small(running, Path(f"/proc/{holder}/root") / folder.relative_to("/"))
        finally:
            running.kill()
            os.kill(holder, signal.SIGKILL)


def fill(client: Any, acknowledged: dict[bytes, bytes]) -> str:
    """Write until that is refused; the refusal."""
    value = b"v" * 10_000
    while len(acknowledged) * len(value) < 10 * _SIZE:
        key = b"key:%d" % len(acknowledged)
        try:
            client.set(key, value)
        except redis.ResponseError as error:
            return str(error)
        acknowledged[key] = value
        while is_held_back(client):
            time.sleep(0.01)
    raise AssertionError("the disk was never full")


def is_held_back(client: Any) -> bool:
    """Whether a write waits for a sync, as under everysec, and not for room."""
    told = client.info("persistence")
    return bool(told["aof_buffer_length"]) and told["aof_last_write_status"] == "ok"


def all_of(client: Any) -> dict[bytes, bytes]:
    keys = client.keys()
    return dict(zip(keys, client.mget(keys), strict=True))


@pytest.mark.parametrize("fsync", ["everysec", "no"])
def test_writes_are_refused_until_there_is_room_again(tmp_path: Path, fsync: str) -> None:
    acknowledged: dict[bytes, bytes] = {}
    with small_disk(tmp_path / "data", "--appendfsync", fsync) as small:
        client = small.running.client()
        refusal = fill(client, acknowledged)
        assert refusal == "MISCONF Errors writing to the AOF file: No space left on device"
        assert client.info("persistence")["aof_last_write_status"] == "err"
        assert client.get(b"key:0") == acknowledged[b"key:0"]
        small.make_room()
        small.running.wait_for_log("AOF write error looks solved, Redis can write again.")
        client.set(b"after", b"1")
        acknowledged[b"after"] = b"1"
        assert client.info("persistence")["aof_last_write_status"] == "ok"
        assert client.execute_command("DEBUG", "LOADAOF") == b"OK"
        held = all_of(client)
        # The write during which the disk became full was answered before that was known.
        assert held.items() >= acknowledged.items()
        assert len(held) <= len(acknowledged) + 1
        shutil.copytree(small.files, tmp_path / "copy")
    with serving(tmp_path / "copy", "--appendonly", "yes") as running:
        assert all_of(running.client()) == held


def test_under_always_a_full_disk_ends_the_server(tmp_path: Path) -> None:
    acknowledged: dict[bytes, bytes] = {}
    with small_disk(tmp_path / "data", "--appendfsync", "always") as small:
        client = small.running.client()
        with pytest.raises(redis.ConnectionError):
            fill(client, acknowledged)
        assert small.running.process.wait(10) == 1
        small.running.wait_for_log("Can't recover from AOF write error when the AOF fsync policy")
        shutil.copytree(small.files, tmp_path / "copy")
    with serving(tmp_path / "copy", "--appendonly", "yes") as running:
        assert all_of(running.client()).items() >= acknowledged.items()


def test_a_rewrite_without_room_leaves_the_aof_in_force(tmp_path: Path) -> None:
    acknowledged: dict[bytes, bytes] = {}
    with small_disk(tmp_path / "data") as small:
        client = small.running.client()
        for number in range(60):
            value = acknowledged[b"key:%d" % number] = os.urandom(10_000)
            client.set(b"key:%d" % number, value)
        wait_until_written(client)
        client.bgrewriteaof()
        small.running.wait_for_log("Background AOF rewrite terminated with error")
        assert client.info("persistence")["aof_last_bgrewrite_status"] == "err"
        client.set(b"after", b"1")
        acknowledged[b"after"] = b"1"
        assert sorted(path.name for path in small.files.iterdir()) == ["appendonly.aof", "ballast"]
        small.make_room()
        client.bgrewriteaof()
        small.running.wait_for_log("Background AOF rewrite finished successfully")
        assert all_of(client) == acknowledged
        shutil.copytree(small.files, tmp_path / "copy")
    with serving(tmp_path / "copy", "--appendonly", "yes") as running:
        assert all_of(running.client()) == acknowledged
