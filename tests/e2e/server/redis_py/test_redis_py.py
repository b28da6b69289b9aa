"""redis-py's public classes against a real process, in both protocols: what applications do."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio
from redis.exceptions import LockError, LockNotOwnedError

from tests.e2e.server.redis_py.clients import recent, spoken, until


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
