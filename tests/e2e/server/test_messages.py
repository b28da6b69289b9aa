"""Queues and messages as programs use them: redis-py, plain and asyncio, and slow subscribers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio

from tests.builders import command
from tests.compat.wire import Wire
from tests.e2e.server.serving import Running, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    options = ("--appendonly", "yes", "--compat-version", "7.4")
    with serving(tmp_path_factory.mktemp("messages") / "data", *options) as running:
        yield running


def test_a_queue_with_many_workers(server: Running, client: Any) -> None:
    done: list[bytes] = []

    def work() -> None:
        worker = server.client()
        while (found := worker.blpop(["jobs", "more"], timeout=5)) is not None:
            if found[1] == b"stop":
                return
            done.append(found[1])

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for number in range(200):
        client.rpush("jobs" if number % 2 else "more", number)
    for _ in workers:
        client.rpush("jobs", "stop")
    for worker in workers:
        worker.join(10)
    assert sorted(map(int, done)) == list(range(200))
    assert client.exists("jobs", "more") == 0


def test_calls_that_wait(server: Running, client: Any) -> None:
    other = server.client()
    calls: list[tuple[Callable[[], Any], Callable[[], Any], Any]] = [
        (lambda: other.blmove("a", "b", 5), lambda: client.rpush("a", "x"), b"x"),
        (lambda: other.brpoplpush("c", "d", 5), lambda: client.rpush("c", "y"), b"y"),
        (lambda: other.bzpopmin("z", 5), lambda: client.zadd("z", {"m": 1}), (b"z", b"m", 1.0)),
        (lambda: other.blmpop(5, 1, "q", direction="LEFT"), lambda: client.rpush("q", 1),
         [b"q", [b"1"]]),
        (lambda: other.xread({"s": "$"}, block=5000), lambda: client.xadd("s", {"f": 1}, "1-1"),
         [[b"s", [(b"1-1", {b"f": b"1"})]]]),
    ]  # fmt: skip
    for wait, give, expected in calls:
        got: list[Any] = []
        thread = threading.Thread(target=lambda wait=wait, got=got: got.append(wait()))
        thread.start()
        while not client.info("clients")["blocked_clients"]:
            pass
        give()
        thread.join(10)
        assert got == [expected]
    assert other.blpop("none", timeout=0.01) is None
    assert other.xread({"s": "$"}, block=10) == []


def test_asyncio(server: Running, client: Any) -> None:
    async def run() -> tuple[Any, list[Any]]:
        path = str(server.socket)
        waiter: Any = redis.asyncio.Redis(unix_socket_path=path)
        giver: Any = redis.asyncio.Redis(unix_socket_path=path, protocol=3)
        task: asyncio.Task[Any] = asyncio.create_task(waiter.blpop(["k"], timeout=5))
        await giver.rpush("k", "v")
        popped = await task
        async with giver.pubsub() as pubsub:
            await pubsub.psubscribe("news.*")
            await pubsub.subscribe("art")
            await waiter.publish("news.today", "a")
            await waiter.publish("art", "b")
            told = [await pubsub.get_message(timeout=5) for _ in range(4)]
        await waiter.aclose()
        await giver.aclose()
        return popped, told

    popped, told = asyncio.run(run())
    assert popped == (b"k", b"v")
    assert [(each["type"], each["data"]) for each in told] == [
        ("psubscribe", 1), ("subscribe", 2), ("pmessage", b"a"), ("message", b"b"),
    ]  # fmt: skip


def test_a_subscriber_in_a_thread(server: Running, client: Any) -> None:
    told: list[Any] = []
    enough = threading.Event()

    def take(message: Any) -> None:
        told.append(message["data"])
        if len(told) == 100:
            enough.set()

    pubsub = client.pubsub(ignore_subscribe_messages=True)
    pubsub.subscribe(c=take)
    thread = pubsub.run_in_thread(sleep_time=0.01)
    other = server.client()
    while not other.pubsub_numsub("c")[0][1]:
        pass
    for number in range(100):
        assert other.publish("c", number) == 1
    assert enough.wait(10)
    thread.stop()
    thread.join(10)
    assert told == [b"%d" % number for number in range(100)]


def test_keys_that_expire_are_told_of(server: Running, client: Any) -> None:
    client.config_set("notify-keyspace-events", "Ex")
    pubsub = client.pubsub(ignore_subscribe_messages=True)
    pubsub.subscribe("__keyevent@0__:expired")
    pubsub.get_message(timeout=5)
    client.set("k", "v", px=5)
    message = None
    while message is None:
        message = pubsub.get_message(timeout=5)
    assert message["data"] == b"k"
    client.config_set("notify-keyspace-events", "")
    pubsub.close()


def test_a_subscriber_that_does_not_read_is_cut_off(server: Running, client: Any) -> None:
    client.config_set("client-output-buffer-limit", "pubsub 2mb 0 0")
    slow = Wire(server.socket)
    slow(["SUBSCRIBE", "c"])
    before = client.info("stats")["client_output_buffer_limit_disconnections"]
    for _ in range(200):
        if not client.publish("c", b"x" * (1 << 17)):
            break
    assert client.publish("c", "x") == 0
    assert client.info("stats")["client_output_buffer_limit_disconnections"] == before + 1
    server.wait_for_log("overcoming of output buffer limits")
    slow.close()


def test_who_waits_and_goes_is_noticed(server: Running, client: Any) -> None:
    wire = Wire(server.socket)
    wire.send(["BLPOP", "k", "0"], ["PING"])
    while not client.info("clients")["blocked_clients"]:
        pass
    wire.close()
    while client.info("clients")["blocked_clients"]:
        pass
    client.rpush("k", 1)
    assert client.llen("k") == 1


def test_a_flood_behind_a_wait(server: Running, client: Any) -> None:
    wire = Wire(server.socket)
    wire.send(["BLPOP", "k", "0"])
    sender = threading.Thread(target=wire.send_bytes, args=(command("INCR", "n") * 50_000,))
    sender.start()
    while not client.info("clients")["blocked_clients"]:
        pass
    assert client.get("n") is None
    client.rpush("k", 1)
    assert wire.reply()[0] == "*"
    assert [wire.reply() for _ in range(50_000)][-1] == (":", b"50000")
    sender.join(10)
    wire.close()


def test_shutdown_with_clients_that_wait(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--appendonly", "yes") as running:
        wire, subscriber = Wire(running.socket), Wire(running.socket)
        wire(["PING"])
        subscriber(["SUBSCRIBE", "c"])
        wire.send(["BLPOP", "k", "0"])
        with pytest.raises(redis.ConnectionError):
            running.client().execute_command("SHUTDOWN")
        assert running.process.wait(10) == 0
        with pytest.raises(ConnectionError):
            wire.reply()
        wire.close()
        subscriber.close()
