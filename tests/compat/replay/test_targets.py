"""replay into targets that are not what they seem: replicas, locked doors, the wrong place."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aoftool.format.resp import encode_command
from aoftool.keyspace.context import Style
from aoftool.keyspace.payload import dump
from aoftool.ops.replay import sending
from aoftool.ops.replay.address import Address
from aoftool.ops.replay.cluster import connect_cluster
from aoftool.ops.replay.connecting import connect
from aoftool.ops.replay.ledger import Ledger
from aoftool.ops.replay.memory import MemorySink
from aoftool.ops.replay.model import Position, TargetError, Window
from aoftool.ops.replay.preparing import Wishes, prepare
from aoftool.ops.replay.running import Control, ReplayOptions, Runner
from aoftool.ops.replay.settling import times_of
from aoftool.ops.replay.survey import UnknownCommands, survey
from aoftool.ops.replay.verify import Comparison, compare
from aoftool.ops.source import resolve
from aoftool.ops.window import no_progress
from tests.compat import servers
from tests.compat.replay.replaying import address_of, replay, write
from tests.ports import free_port

NARROW = Window(commands=1)


# Who does not serve.
def test_a_replica_is_refused_before_anything_is_sent(client: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", "SET a 1")
    client.replicaof("127.0.0.1", 1)
    try:
        with pytest.raises(TargetError, match="replica that takes no writes"):
            replay(path, address_of(client))
        client.config_set("replica-read-only", "no")
        outcome, _, _ = replay(path, address_of(client))
        assert outcome.counts.acknowledged == 1
    finally:
        client.config_set("replica-read-only", "yes")
        client.replicaof("NO", "ONE")


def test_who_may_not_ask_what_is_there_may_not_replay(client: Any, tmp_path: Path) -> None:
    """Nobody would know whether it is empty, nor find the times that were held back."""
    path = write(tmp_path / "x.aof", "SET a 1 PX 100000")
    client.acl_setuser("blind", True, passwords=["+x"], keys="*",
                       categories=["+@all"], commands=["-info"])  # fmt: skip
    try:
        address = replace(address_of(client), user="blind", password="x")
        with pytest.raises(TargetError, match="INFO is needed, and refused: NOPERM"):
            replay(path, address)
        assert client.dbsize() == 0
    finally:
        client.acl_deluser("blind")


def test_what_is_no_cluster(tmp_path: Path) -> None:
    """redis-py's cluster client has errors that are none of its others."""
    single = free_port()
    with servers.serving("7.0", tmp_path, "--port", str(single), "--bind", "127.0.0.1"):
        for port, told in ((single, "Cluster mode is not enabled"), (1, "Connection refused")):
            with pytest.raises(TargetError, match=told):
                connect_cluster(Address(port=port))


# What is not sent.
def test_what_is_not_about_data_is_not_sent(client: Any, tmp_path: Path) -> None:
    """Most of these would turn the replies about, or end or hang the connection."""
    path = write(
        tmp_path / "x.aof", "SET a 1", "SUBSCRIBE x y", "CLIENT REPLY OFF", "WAIT 1 0", "QUIT",
        "MULTI", "SET b 1", "WATCH b", "EXEC", "XREAD BLOCK 0 STREAMS s 0", "SHUTDOWN", "SET c 1",
        "BLPOP q 0", "BLPOP q r 0",
    )  # fmt: skip
    with pytest.raises(UnknownCommands) as refused:
        replay(path, address_of(client), ReplayOptions(stop_on_error=True))
    assert set(refused.value.unfit) == {"SUBSCRIBE", "CLIENT", "WAIT", "QUIT", "WATCH", "SHUTDOWN"}
    outcome, failures, _ = replay(path, address_of(client))
    assert [one.record for one in failures] == [2, 3, 4, 5, 6, 7, 8, 9, 11]
    assert outcome.counts.kinds == {"UNFIT": 9}
    assert (outcome.error, outcome.counts.sent, outcome.counts.acknowledged) == (None, 5, 5)
    assert sorted(client.keys()) == [b"a", b"c"]


# Where a replay goes on.
def resumed(path: Path, client: Any, options: ReplayOptions, wishes: Wishes) -> list[str]:
    """The questions that are asked, each answered with no."""
    asked: list[str] = []

    def ask(question: str) -> bool:
        asked.append(question)
        return False

    sink = connect(address_of(client))
    try:
        options = replace(options, target=str(address_of(client)))
        prepare(survey(path, True, no_progress), sink, options, wishes, ask)
    finally:
        sink.close()
    return asked


def test_a_target_that_lost_what_was_acknowledged(
    clients: dict[str, Any], client: Any, tmp_path: Path
) -> None:
    path = write(tmp_path / "x.aof", *["INCR n"] * 10, "NOSUCH", "INCR n")
    options = ReplayOptions(checkpoint=tmp_path / "checkpoint", max_errors=1)
    replay(path, address_of(client), options)
    wishes = Wishes(resume=True)
    assert resumed(path, client, options, wishes) == []
    (other,) = (one for one in clients.values() if one is not client)
    (question,) = resumed(path, other, options, wishes)
    assert question.startswith(f"The checkpoint is of {address_of(client)}.")
    client.flushall()
    (question,) = resumed(path, client, options, wishes)
    assert "is empty, but x.aof was replayed up to offset" in question


def test_keys_that_were_there_are_spared_after_a_stop_too(client: Any, tmp_path: Path) -> None:
    payload = dump(b"new", 9)
    restore = [b"RESTORE", b"k", b"0", payload]
    path = write(tmp_path / "x.aof", "SET a 1", "NOSUCH", "SET b 1", restore)
    client.set("k", "old")
    kept = tmp_path / "checkpoint"
    wishes = Wishes(into_nonempty=True)
    options = ReplayOptions(checkpoint=kept, max_errors=1, window=NARROW)
    outcome, _, _ = replay(path, address_of(client), options, wishes)
    assert outcome.position.record < 4
    options = replace(options, max_errors=None)
    outcome, _, options = replay(path, address_of(client), options, replace(wishes, resume=True))
    assert outcome.counts.kinds == {"BUSYKEY": 1}
    assert client.get("k") == b"old"
    assert (options.added, options.overwrite) == (True, False)


# Times.
def test_times_are_exact(client: Any) -> None:
    """Before 7.0 too, where a server only says what is left."""
    expected = {b"k%d" % number: 4_000_000_000_000 + 7 * number for number in range(3000)}
    pipe = client.pipeline(transaction=False)
    for key, at_ms in expected.items():
        pipe.set(key, "").pexpireat(key, at_ms)
    pipe.set("never", "")
    pipe.execute()
    sink = connect(address_of(client))
    keys = [*expected, b"never", b"missing"]
    (link,) = sink.links()
    found = times_of(link, keys, sink.facts)
    sink.close()
    assert found == [*expected.values(), None, None]


# Comparing.
STREAM = ("XADD s 1-1 a b", "XADD s 2-1 a b", "XGROUP CREATE s g 0", "XGROUP CREATE s h 1-1",
          "XCLAIM s g bob 0 1-1 TIME 1600000000000 RETRYCOUNT 3 FORCE JUSTID LASTID 1-1",
          "XGROUP CREATE s e 0")  # fmt: skip


def compared(path: Path, client: Any, *, digest: bool) -> Comparison:
    memory = MemorySink(Style.REDIS_7, time.time_ns() // 1_000_000)
    Runner(resolve(path), memory, ReplayOptions()).run()
    sink = connect(address_of(client))
    try:
        return compare(sink, memory.keyspace, 0, digest=digest, sample=None, alone=True)
    finally:
        sink.close()


@pytest.mark.parametrize(
    "change",
    ["XACK s g 1-1", "XGROUP SETID s h 2-1", "XGROUP DESTROY s e", "XGROUP CREATE s new 0",
     "XCLAIM s g eve 0 1-1", "XSETID s 9-9"],
)  # fmt: skip
@pytest.mark.parametrize("digest", [True, False])
def test_consumer_groups_are_compared(
    digest: bool, change: str, client: Any, tmp_path: Path
) -> None:
    path = write(tmp_path / "x.aof", *STREAM)
    replay(path, address_of(client))
    found = compared(path, client, digest=digest)
    assert found.equal
    assert found.keys == 1
    client.execute_command(*change.split())
    found = compared(path, client, digest=digest)
    assert [one.what for one in found.named] == ["its consumer groups are others"]
    assert not found.equal


def test_a_target_that_closes_silent_connections(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "KEEP_ALIVE", 0.2)
    path = write(tmp_path / "x.aof", "SET a 1")
    control = Control()
    client.config_set("timeout", 2)
    end = time.monotonic() + 4

    def clock() -> float:
        control.stop = time.monotonic() > end
        return time.monotonic()

    options = ReplayOptions(follow=True)
    try:
        outcome, _, _ = replay(path, address_of(client), options, control=control, clock=clock)
    finally:
        client.config_set("timeout", 0)
    assert (outcome.error, outcome.stopped) == (None, "interrupted")
    assert (outcome.counts.sent, outcome.counts.acknowledged) == (1, 1)


def test_an_answer_that_nobody_asked_for(new: Any) -> None:
    sink = connect(address_of(new))
    try:
        sink.start(Ledger(resolve(Path("-")).parts, Position()), ReplayOptions().window)
        (link,) = sink.links()
        link.put(encode_command([b"PING"]), 1)
        with pytest.raises(TargetError, match="answers what nobody asked"):
            sink.drain()
    finally:
        sink.close()
