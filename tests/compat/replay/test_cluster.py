"""replay --cluster: into three nodes of a real cluster, while a slot moves, and what cannot go."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.crc import key_slot

from aoftool.format.resp import encode_command
from aoftool.ops.replay.address import Address
from aoftool.ops.replay.cluster import connect_cluster
from aoftool.ops.replay.model import Window
from aoftool.ops.replay.preparing import Wishes, prepare
from aoftool.ops.replay.running import Outcome, ReplayOptions, Runner
from aoftool.ops.replay.survey import survey
from aoftool.ops.window import no_progress
from tests.compat.servers import STARTUP_SECONDS, find
from tests.ports import free_port

SLOTS = 16384
NODES = 3


class Cluster:
    """Three nodes, each with a third of the slots.

    Attributes:
        clients: one of each node; address: of the first node.
    """

    def __init__(self, ports: list[int]) -> None:
        self.clients: list[Any] = [redis.Redis("127.0.0.1", port) for port in ports]
        self.address = Address("127.0.0.1", ports[0])
        self.ports = ports

    def join(self) -> None:
        """Make them a cluster."""
        step = SLOTS // NODES + 1
        for index, client in enumerate(self.clients):
            first, last = index * step, min((index + 1) * step, SLOTS) - 1
            client.execute_command("CLUSTER ADDSLOTSRANGE", first, last)
            client.execute_command("CLUSTER SET-CONFIG-EPOCH", index + 1)
        for port in self.ports[1:]:
            self.clients[0].execute_command("CLUSTER MEET", "127.0.0.1", port)
        deadline = time.monotonic() + STARTUP_SECONDS
        while not all(self._is_ready(client) for client in self.clients):
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def _is_ready(self, client: Any) -> bool:
        told = client.execute_command("CLUSTER INFO")
        state = told["cluster_state"], told["cluster_known_nodes"]
        return state == ("ok", str(NODES))

    def owner(self, slot: int) -> Any:
        """The client of the node that has a slot."""
        return self.clients[slot // (SLOTS // NODES + 1)]

    def get(self, key: bytes) -> Any:
        return self.owner(key_slot(key)).get(key)

    def keys(self) -> int:
        """How many there are."""
        return sum(client.dbsize() for client in self.clients)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    program = find("7.0").server
    ports = [free_port() for _ in range(NODES)]
    started = []
    for port in ports:
        folder = tmp_path_factory.mktemp(f"node-{port}")
        options = ["--port", str(port), "--bind", "127.0.0.1", "--cluster-enabled", "yes",
                   "--save", "", "--dir", str(folder), "--cluster-node-timeout", "2000",
                   "--logfile", str(folder / "log")]  # fmt: skip
        started.append(subprocess.Popen([program, *options]))
    try:
        found = Cluster(ports)
        for client in found.clients:
            deadline = time.monotonic() + STARTUP_SECONDS
            while True:
                try:
                    client.ping()
                    break
                except redis.ConnectionError:
                    assert time.monotonic() < deadline
                    time.sleep(0.01)
        found.join()
        yield found
    finally:
        for process in started:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(running: Cluster) -> Cluster:
    for client in running.clients:
        client.flushall()
    return running


def played(
    path: Path, cluster: Cluster, window: Window | None = None, before: Any = None
) -> tuple[Outcome, list[tuple[bytes, ...]]]:
    """Replay into the cluster; ``before`` is called when everything is ready."""
    found = survey(path, True, no_progress)
    sink = connect_cluster(cluster.address)
    failures: list[tuple[bytes, ...]] = []
    try:
        options = ReplayOptions(window=window or Window())
        ready = prepare(found, sink, options, Wishes(), lambda question: True)
        assert ready is not None
        if before is not None:
            before()
        runner = Runner(found.source, sink, ready.options,
                        tell=lambda failure: failures.append(failure.argv))  # fmt: skip
        return runner.run(), failures
    finally:
        sink.close()


def write(path: Path, *lines: str) -> Path:
    path.write_bytes(b"".join(encode_command(line.encode().split()) for line in lines))
    return path


def test_keys_go_to_their_nodes(cluster: Cluster, tmp_path: Path) -> None:
    lines = [f"SET key:{number} {number}" for number in range(3000)]
    lines += [f"APPEND key:{number} x" for number in range(3000)]
    lines += ["MSET a 1 b 2 c 3", "DEL key:0 key:1 key:2", "PEXPIREAT a 4000000000000"]
    outcome, failures = played(write(tmp_path / "x.aof", *lines), cluster)
    assert (outcome.error, failures) == (None, [])
    assert outcome.counts.acknowledged == len(lines)
    assert cluster.keys() == 3000
    assert cluster.get(b"key:77") == b"77x"
    assert cluster.owner(key_slot(b"a")).execute_command("PEXPIRETIME", "a") == 4000000000000
    assert all(client.dbsize() > 500 for client in cluster.clients)


def test_transactions_are_whole_and_in_one_slot(cluster: Cluster, tmp_path: Path) -> None:
    lines = ["MULTI", "SET {x}1 1", "SET {x}2 2", "EXEC", "MULTI", "SET a 1", "SET b 2", "EXEC",
             "RENAME {x}1 elsewhere", "SET last 1"]  # fmt: skip
    outcome, failures = played(write(tmp_path / "x.aof", *lines), cluster)
    assert cluster.get(b"{x}1") == b"1"
    assert cluster.get(b"a") is None
    assert cluster.get(b"last") == b"1"
    assert failures == [tuple(line.encode().split()) for line in lines[4:9]]
    assert outcome.counts.kinds == {"CROSSSLOT": 5}
    assert outcome.counts.acknowledged == 5


def test_a_slot_moves(cluster: Cluster, tmp_path: Path) -> None:
    """What the old owner refuses goes to the new one, in order, transactions included."""
    lines = []
    for number in range(300):
        lines += [f"APPEND {{moving}}{number % 7} {number},", f"SET other:{number} 1"]
        lines += ["MULTI", f"APPEND {{moving}}t {number},", "EXEC"]
    slot = key_slot(b"moving")
    old = cluster.owner(slot)
    new = next(client for client in cluster.clients if client is not old)

    def move() -> None:
        name = new.execute_command("CLUSTER MYID").decode()
        for client in cluster.clients:
            client.execute_command("CLUSTER SETSLOT", slot, "NODE", name)

    try:
        window = Window(commands=64)
        outcome, failures = played(write(tmp_path / "x.aof", *lines), cluster, window, move)
        assert (outcome.error, failures) == (None, [])
        assert outcome.counts.acknowledged == len(lines)
        for rest in range(7):
            expected = "".join(f"{number}," for number in range(300) if number % 7 == rest)
            assert new.get(f"{{moving}}{rest}") == expected.encode()
        assert new.get("{moving}t") == "".join(f"{number}," for number in range(300)).encode()
    finally:
        new.flushall()
        name = old.execute_command("CLUSTER MYID").decode()
        for client in cluster.clients:
            client.execute_command("CLUSTER SETSLOT", slot, "NODE", name)


def test_a_slot_on_its_way_is_asked_for(cluster: Cluster, tmp_path: Path) -> None:
    slot = key_slot(b"asking")
    old = cluster.owner(slot)
    new = next(client for client in cluster.clients if client is not old)
    ids = [client.execute_command("CLUSTER MYID").decode() for client in (old, new)]

    def migrate() -> None:
        new.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", ids[0])
        old.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", ids[1])

    try:
        path = write(tmp_path / "x.aof", "SET {asking}1 a", "APPEND {asking}1 b")
        outcome, failures = played(path, cluster, before=migrate)
        assert (outcome.error, failures) == (None, [])
        replies = new.pipeline(transaction=False)
        replies.execute_command("ASKING").get("{asking}1")
        assert replies.execute()[1] == b"ab"
    finally:
        for client in (old, new):
            client.execute_command("CLUSTER SETSLOT", slot, "STABLE")
        new.flushall()


def test_other_databases_are_refused_before_anything_is_sent(
    cluster: Cluster, tmp_path: Path
) -> None:
    path = write(tmp_path / "x.aof", "SET a 1", "SELECT 3", "SET b 2")
    with pytest.raises(Exception, match="no database 3"):
        played(path, cluster)
    assert cluster.keys() == 0
