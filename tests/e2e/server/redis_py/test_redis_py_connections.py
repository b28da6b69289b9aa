"""redis-py's pools, retries, health checks, asyncio classes and cache, in both protocols."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio
from redis.backoff import ConstantBackoff
from redis.cache import CacheConfig
from redis.retry import Retry

from tests.e2e.server.redis_py.clients import pooled, spoken, until
from tests.e2e.server.serving import serving
from tests.ports import free_port


# Pools, broken connections, health checks.
def test_pools(server: Path, protocol: int) -> None:
    pool = pooled(server, redis.ConnectionPool, protocol, max_connections=3)
    client = redis.Redis(connection_pool=pool)
    assert {client.client_id() for _ in range(5)} == {client.client_id()}
    held = [pool.get_connection() for _ in range(3)]
    with pytest.raises(redis.exceptions.MaxConnectionsError):
        client.ping()
    for connection in held:
        pool.release(connection)
    assert client.ping()
    pool.disconnect()
    assert client.ping()
    pool.disconnect()


def test_blocking_pool(server: Path, protocol: int) -> None:
    pool = pooled(server, redis.BlockingConnectionPool, protocol, max_connections=2, timeout=10)
    client = redis.Redis(connection_pool=pool)
    client.delete("n")
    threads = [threading.Thread(target=lambda: client.incr("n")) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert client.get("n") == "50"
    pool.disconnect()


def test_a_single_connection(client: Any) -> None:
    with client.client() as alone:
        before = alone.client_id()
        assert client.client_id() != before
        alone.select(3)
        alone.set("here", 1)
        assert (alone.client_id(), alone.dbsize(), client.dbsize()) == (before, 1, 0)
        alone.select(0)


def test_a_connection_that_was_cut_comes_back(server: Path, client: Any, protocol: int) -> None:
    mine = spoken(server, protocol, retry=Retry(ConstantBackoff(0.01), 3), health_check_interval=1)
    number = mine.client_id()
    assert client.client_kill_filter(_id=number) == 1
    assert mine.ping()
    assert mine.client_id() != number
    mine.close()


def test_health_checks(server: Path, protocol: int, client: Any) -> None:
    mine = spoken(server, protocol, health_check_interval=0.01)
    mine.ping()
    client.config_resetstat()
    time.sleep(0.03)
    assert mine.get("nothing") is None
    stats = client.info("commandstats")
    assert (stats["cmdstat_ping"]["calls"], stats["cmdstat_get"]["calls"]) == (1, 1)
    pubsub = mine.pubsub()
    pubsub.subscribe("c")
    assert pubsub.get_message(timeout=5)["type"] == "subscribe"
    time.sleep(0.03)
    assert pubsub.get_message(timeout=0.1) is None  # the check's own answer is no message
    client.publish("c", "x")
    until(lambda: (pubsub.get_message(timeout=0.1) or {}).get("data") == "x")
    pubsub.close()
    mine.close()


def test_a_timeout_leaves_the_server_well(server: Path, client: Any, protocol: int) -> None:
    mine = spoken(server, protocol, socket_timeout=0.05)
    with pytest.raises(redis.TimeoutError):
        mine.blpop("never", timeout=5)
    until(lambda: client.info("clients")["blocked_clients"] == 0)
    assert client.rpush("never", 1) == 1
    assert mine.lpop("never") == "1"
    mine.close()


def test_a_monitor(server: Path, client: Any, protocol: int) -> None:
    with client.monitor() as monitor:
        spoken(server, protocol).set("seen", "a b")
        rows = monitor.listen()
        while "seen" not in (row := next(rows))["command"]:
            pass
    assert (row["command"], row["db"]) == ("SET seen a b", 0)


# asyncio.
def run(server: Path, protocol: int, work: Callable[[Any], Awaitable[None]]) -> None:
    async def around() -> None:
        client = redis.asyncio.Redis(
            unix_socket_path=str(server), protocol=protocol, decode_responses=True
        )
        await client.flushall()
        try:
            await asyncio.wait_for(work(client), 30)
        finally:
            await client.aclose()

    asyncio.run(around())


def test_async_pipelines_and_watch(server: Path, protocol: int) -> None:
    async def work(client: Any) -> None:
        async with client.pipeline(transaction=True) as pipe:
            assert await pipe.set("a", 1).incr("a").get("a").execute() == [True, 2, "2"]

        async def add() -> None:
            async def once(pipe: Any) -> None:
                now = int(await pipe.get("a"))
                pipe.multi()
                pipe.set("a", now + 1)

            await client.transaction(once, "a")

        await asyncio.gather(*(add() for _ in range(20)))
        assert await client.get("a") == "22"
        assert [key async for key in client.scan_iter()] == ["a"]

    run(server, protocol, work)


def test_async_locks_scripts_and_messages(server: Path, protocol: int) -> None:
    async def work(client: Any) -> None:
        async def locked() -> None:
            async with client.lock("lock", timeout=10, sleep=0.001):
                await client.set("n", int(await client.get("n") or 0) + 1)

        await asyncio.gather(*(locked() for _ in range(10)))
        assert await client.get("n") == "10"
        script = client.register_script("return redis.call('incrby', KEYS[1], ARGV[1])")
        assert await script(keys=["n"], args=[5]) == 15
        async with client.pubsub() as pubsub:
            await pubsub.subscribe("c")
            await pubsub.psubscribe("d*")
            await client.publish("c", "one")
            await client.publish("dd", "two")
            told = [(await pubsub.get_message(timeout=5))["data"] for _ in range(4)]
        assert told == [1, 2, "one", "two"]

    run(server, protocol, work)


def test_async_pools_and_waits(server: Path, protocol: int) -> None:
    async def work(client: Any) -> None:
        pool = redis.asyncio.BlockingConnectionPool(
            connection_class=redis.asyncio.UnixDomainSocketConnection, path=str(server),
            protocol=protocol, max_connections=5, timeout=20,
        )  # fmt: skip
        many = redis.asyncio.Redis(connection_pool=pool)
        assert sorted(await asyncio.gather(*(many.incr("n") for _ in range(200)))) == list(
            range(1, 201)
        )
        waiting = asyncio.create_task(client.blmove("from", "to", 5))
        await asyncio.sleep(0)
        await many.rpush("from", "x")
        assert await waiting == "x"
        await many.aclose()
        await pool.disconnect()

    run(server, protocol, work)


def test_a_cache_beside_the_server(tmp_path: Path) -> None:
    """Client-side caching, which redis-py does over TCP: what others change is forgotten."""
    port = free_port()
    with serving(tmp_path / "data", "--port", str(port), "--compat-version", "7.4") as running:
        client = running.client()
        with redis.Redis(port=port, protocol=3, cache_config=CacheConfig()) as mine:
            client.set("k", 1)
            client.config_resetstat()
            assert [mine.get("k") for _ in range(5)] == [b"1"] * 5
            assert client.info("commandstats")["cmdstat_get"]["calls"] == 1
            client.set("k", 2)
            until(lambda: mine.get("k") == b"2")
            client.flushall()
            until(lambda: mine.get("k") is None)


def test_redis_urls(server: Path, protocol: int) -> None:
    client = redis.Redis.from_url(f"unix://{server}?db=2&protocol={protocol}")
    client.set("k", 1)
    assert int(client.client_info()["db"]) == 2
    client.close()
