"""redis-py's public classes against a real process, in both protocols: what applications do."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio
from redis.backoff import ConstantBackoff, NoBackoff
from redis.cache import CacheConfig
from redis.exceptions import LockError, LockNotOwnedError
from redis.retry import Retry

from tests.e2e.server.serving import beside_a_real_one, serving


@pytest.fixture(scope="module", params=["aofserver", "7.0"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    with beside_a_real_one(request.param, tmp_path_factory.mktemp("redis-py")) as path:
        yield path


@pytest.fixture(params=[2, 3])
def protocol(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def client(server: Path, protocol: int) -> Iterator[Any]:
    found = spoken(server, protocol)
    found.flushall()
    yield found
    found.close()


def spoken(server: Path, protocol: int, **more: Any) -> Any:
    """A client that gives up at once, and answers in text."""
    settings: dict[str, Any] = {
        "decode_responses": True, "retry": Retry(NoBackoff(), 0), "socket_timeout": 10, **more
    }  # fmt: skip
    return redis.Redis(unix_socket_path=str(server), protocol=protocol, **settings)


def pooled(server: Path, pool: Any, protocol: int, **more: Any) -> Any:
    return pool(
        connection_class=redis.UnixDomainSocketConnection, path=str(server),
        protocol=protocol, decode_responses=True, **more,
    )  # fmt: skip


def recent(client: Any, release: str) -> None:
    """Skip what a real server of an older release has not."""
    if client.info("server")["redis_version"] < release:
        pytest.skip(f"not before {release}")


def until(holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.002)


# Replies as redis-py turns them into values.
def test_values_of_every_type(client: Any, protocol: int) -> None:
    assert client.set("s", "1", ex=100, get=True) is None
    assert (client.get("s"), client.incrbyfloat("s", 1.5), client.ttl("s")) == ("1", 2.5, 100)
    assert client.mset({"a": 1, "b": 2})
    assert client.mget("a", "nothing", "b") == ["1", None, "2"]
    assert client.setbit("bits", 7, 1) == 0
    assert client.bitfield("bits").get("u8", 0).execute() == [1]
    assert client.rpush("l", *"abca") == 4
    assert client.lpos("l", "a", count=0) == [0, 3]
    assert client.lmpop(2, "none", "l", direction="LEFT", count=2) == ["l", ["a", "b"]]
    assert client.sadd("set", "x", "y") == 2
    assert client.smembers("set") == {"x", "y"}
    assert client.smismember("set", ["x", "z"]) == [1, 0]
    assert client.hset("h", mapping={"f": "v", "g": "w"}) == 2
    assert client.hgetall("h") == {"f": "v", "g": "w"}
    assert client.hrandfield("h", 5) in (["f", "g"], ["g", "f"])
    assert client.zadd("z", {"one": 1, "two": 2.5}) == 2
    assert client.zincrby("z", 1, "one") == 2.0
    pairs = client.zrange("z", 0, -1, withscores=True)
    assert [tuple(pair) for pair in pairs] == [("one", 2.0), ("two", 2.5)]
    assert client.zmscore("z", ["one", "nobody"]) == [2.0, None]
    assert client.geoadd("geo", (13.361389, 38.115556, "Palermo")) == 1
    assert client.geopos("geo", "Palermo")[0] == pytest.approx((13.361389, 38.115556), abs=1e-4)
    assert client.pfadd("hll", "a", "b") == 1
    assert client.pfcount("hll") == 2
    assert client.object("encoding", "s") == "embstr"
    assert client.type("z") == "zset"


def test_streams_and_groups(client: Any) -> None:
    for number in range(1, 4):
        client.xadd("x", {"n": number}, id=f"{number}-0")
    assert client.xlen("x") == 3
    assert client.xgroup_create("x", "g", id="0")
    found = client.xreadgroup("g", "alice", {"x": ">"}, count=2)
    entries = found["x"][0] if isinstance(found, dict) else found[0][1]
    assert entries == [("1-0", {"n": "1"}), ("2-0", {"n": "2"})]
    assert client.xack("x", "g", "1-0") == 1
    pending = client.xpending("x", "g")
    assert (pending["pending"], pending["min"], pending["max"]) == (1, "2-0", "2-0")
    assert client.xclaim("x", "g", "bob", 0, ["2-0"], justid=True) == ["2-0"]
    info = client.xinfo_stream("x", full=True)
    assert info["length"] == 3
    assert client.xinfo_groups("x")[0]["name"] == "g"
    assert client.xautoclaim("x", "g", "carol", 0)[1] == [("2-0", {"n": "2"})]
    assert client.xtrim("x", maxlen=1, approximate=False) == 2


def test_what_a_server_says_of_itself(client: Any) -> None:
    info = client.info()
    assert info["redis_version"].startswith("7.")
    assert client.info("replication")["role"] == "master"
    assert client.config_get("maxmemory*")["maxmemory-policy"] == "noeviction"
    assert client.config_set("slowlog-log-slower-than", 0)
    client.set("slow", 1)
    assert client.slowlog_get(10)[0]["command"] is not None
    assert client.config_set("slowlog-log-slower-than", 10000)
    assert client.client_setname("me")
    (row,) = (row for row in client.client_list() if row["name"] == "me")
    assert row["db"] == "0"
    assert client.client_info()["name"] == "me"
    assert client.command_count() > 200
    rows = client.command()
    assert rows["get"]["arity"] == 2
    assert client.command_getkeys("MSET", "a", 1, "b", 2) == ["a", "b"]
    assert client.memory_usage("slow") > 0
    assert isinstance(client.time(), tuple)
    assert client.lastsave() is not None
    assert client.echo("x") == "x"
    assert client.dbsize() == 1
    assert client.acl_whoami() == "default"


def test_times_of_expiry(client: Any) -> None:
    client.set("k", 1)
    assert client.expire("k", 100, nx=True)
    assert not client.expire("k", 100, nx=True)
    assert client.pexpireat("k", 4_000_000_000_000)
    assert client.pexpiretime("k") == 4_000_000_000_000
    assert client.getex("k", persist=True) == "1"
    assert client.ttl("k") == -1
    assert client.set("short", 1, px=30)
    until(lambda: client.get("short") is None)


def test_times_of_fields(client: Any) -> None:
    recent(client, "7.4")
    client.hset("h", mapping={"f": 1, "g": 2})
    assert client.hexpire("h", 100, "f") == [1]
    assert 0 < client.httl("h", "f")[0] <= 100
    assert client.hpersist("h", "f", "g", "nothing") == [1, -1, -2]
    assert client.hpexpire("h", 20, "g") == [1]
    until(lambda: client.hlen("h") == 1)
    assert set(client.hscan_iter("h", no_values=True)) == {"f"}


def test_errors_are_of_their_classes(server: Path, client: Any, protocol: int) -> None:
    client.set("s", "x")
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        client.lpush("s", 1)
    with pytest.raises(redis.ResponseError, match="not an integer"):
        client.incr("s")
    with pytest.raises(redis.exceptions.NoScriptError):
        client.evalsha("0" * 40, 0)
    with pytest.raises(redis.exceptions.AuthenticationError):
        spoken(server, protocol, username="nobody", password="wr0ng").ping()
    client.config_set("maxmemory", 1)
    try:
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            client.set("big", "x")
    finally:
        client.config_set("maxmemory", 0)
    with pytest.raises(redis.ResponseError, match="unknown command"):
        client.execute_command("NOSUCH")


# Pipelines and transactions.
@pytest.mark.parametrize("transaction", [True, False])
def test_pipelines(client: Any, transaction: bool) -> None:
    with client.pipeline(transaction=transaction) as pipe:
        for number in range(2000):
            pipe.set(f"k{number}", "v" * (number % 50))
        pipe.lpush("k1", "x").dbsize()
        answers = pipe.execute(raise_on_error=False)
    assert answers[:2000] == [True] * 2000
    assert isinstance(answers[2000], redis.ResponseError)
    assert answers[2001] == 2000
    with client.pipeline(transaction=transaction) as pipe, pytest.raises(redis.ResponseError):
        pipe.set("a", 1).execute_command("NOSUCH").execute()
    assert client.get("a") == (None if transaction else "1")


def test_transaction_with_retries(server: Path, client: Any, protocol: int) -> None:
    """Each of several threads adds up with WATCH: none of it is lost."""
    client.set("n", 0)

    def add() -> None:
        mine = spoken(server, protocol)
        for _ in range(25):
            mine.transaction(lambda pipe: (now := int(pipe.get("n")), pipe.multi(),
                                           pipe.set("n", now + 1)), "n")  # fmt: skip
        mine.close()

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert client.get("n") == "100"


# Locks.
def test_locks(server: Path, client: Any, protocol: int) -> None:
    other = spoken(server, protocol)
    with client.lock("lock", timeout=10) as lock:
        assert lock.owned()
        assert not other.lock("lock", blocking=False).acquire()
        assert lock.extend(20)
        assert 20 < client.ttl("lock") <= 30
        assert lock.reacquire()
        assert client.ttl("lock") <= 10
    assert not client.exists("lock")
    lock = client.lock("lock", timeout=0.02)
    assert lock.acquire()
    until(lambda: not client.exists("lock"))
    with pytest.raises(LockNotOwnedError):
        lock.release()
    with pytest.raises(LockError, match="unlocked"):
        client.lock("other").release()
    holder = other.lock("lock", timeout=0.05)
    assert holder.acquire()
    assert client.lock("lock", timeout=1, sleep=0.005).acquire(blocking_timeout=5)
    other.close()


def test_a_lock_counts_right(server: Path, client: Any, protocol: int) -> None:
    seen: list[int] = []

    def work() -> None:
        mine = spoken(server, protocol)
        for _ in range(10):
            with mine.lock("lock", timeout=10, sleep=0.001):
                now = int(mine.get("n") or 0)
                mine.set("n", now + 1)
                seen.append(now)
        mine.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(seen) == list(range(30))


# Scripts.
def test_scripts(client: Any) -> None:
    double = client.register_script("return redis.call('incrby', KEYS[1], ARGV[1] * 2)")
    assert double(keys=["n"], args=[5]) == 10
    client.script_flush()
    assert double(keys=["n"], args=[1]) == 12  # loaded again unasked
    assert client.script_exists(double.sha, "0" * 40) == [True, False]
    client.script_flush()
    with client.pipeline() as pipe:
        double(keys=["n"], args=[1], client=pipe)
        pipe.get("n")
        assert pipe.execute() == [14, "14"]
    assert client.eval("return {1, 'two', false}", 0) == [1, "two", None]
    assert client.eval_ro("return redis.call('get', KEYS[1])", 1, "n") == "14"
    with pytest.raises(redis.ResponseError, match="my own"):
        client.eval("return redis.error_reply('ERR my own')", 0)
    code = "#!lua name=lib\nredis.register_function('twice', function(k, a) return a[1] * 2 end)"
    assert client.function_load(code, replace=True) == "lib"
    assert client.fcall("twice", 0, 21) == 42
    assert client.function_delete("lib")


# Messages.
def test_messages(server: Path, client: Any, protocol: int) -> None:
    with client.pubsub() as pubsub:
        got: list[Any] = []
        pubsub.subscribe("plain", handled=got.append)
        pubsub.psubscribe("news.*")
        told = [pubsub.get_message(timeout=5) for _ in range(3)]
        assert [row["data"] for row in told] == [1, 2, 3]
        other = spoken(server, protocol)
        assert (other.publish("plain", "a"), other.publish("news.x", "b")) == (1, 1)
        assert other.publish("handled", "c") == 1
        assert pubsub.get_message(timeout=5)["data"] == "a"
        told = pubsub.get_message(timeout=5)
        assert (told["pattern"], told["channel"], told["data"]) == ("news.*", "news.x", "b")
        pubsub.get_message(timeout=5)
        assert got[0]["data"] == "c"
        assert dict(other.pubsub_numsub("plain")) == {"plain": 1}
        assert other.pubsub_numpat() == 1
        pubsub.unsubscribe()
        pubsub.punsubscribe()
        until(lambda: pubsub.get_message(timeout=0.02) is None and not pubsub.subscribed)
        other.close()


def test_sharded_messages(server: Path, client: Any) -> None:
    with client.pubsub(ignore_subscribe_messages=True) as pubsub:
        pubsub.ssubscribe("shard")
        until(lambda: client.pubsub_shardchannels() == ["shard"])
        assert client.spublish("shard", "x") == 1
        told = None
        while told is None:
            told = pubsub.get_message(timeout=5)
        assert (told["type"], told["data"]) == ("smessage", "x")


def test_messages_in_a_thread(client: Any) -> None:
    got: list[Any] = []
    pubsub = client.pubsub(ignore_subscribe_messages=True)
    pubsub.subscribe(c=lambda message: got.append(message["data"]))
    thread = pubsub.run_in_thread(sleep_time=0.01, daemon=True)
    until(lambda: client.publish("c", "first"))
    client.publish("c", "second")
    until(lambda: len(got) == 2)
    thread.stop()
    thread.join(10)
    assert got == ["first", "second"]


# Walks.
def test_walks_see_everything(client: Any) -> None:
    names = {f"k{number}" for number in range(3000)}
    client.mset(dict.fromkeys(names, 1))
    client.sadd("walk:s", *range(2000))
    client.hset("walk:h", mapping={f"f{number}": number for number in range(2000)})
    client.zadd("walk:z", {f"m{number}": number for number in range(2000)})
    assert set(client.scan_iter("k*", count=100)) == names
    assert set(client.scan_iter(_type="zset")) == {"walk:z"}
    assert set(client.sscan_iter("walk:s")) == {str(number) for number in range(2000)}
    assert len(dict(client.hscan_iter("walk:h"))) == 2000
    assert dict(client.hscan_iter("walk:h", match="f1?")) == {
        f"f1{digit}": f"1{digit}" for digit in range(10)
    }
    assert len(dict(client.zscan_iter("walk:z", count=50))) == 2000
    assert client.sort("walk:s", start=0, num=3, desc=True) == ["1999", "1998", "1997"]


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
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
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
