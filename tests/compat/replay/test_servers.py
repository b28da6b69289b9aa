"""replay into real servers: errors, transactions, times of expiry, resuming, following."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import redis

from aoftool.errors import FileSetError, RefusedError
from aoftool.format.resp import encode_command
from aoftool.keyspace.payload import dump
from aoftool.ops.replay.address import Address
from aoftool.ops.replay.connecting import NotEmptyError
from aoftool.ops.replay.model import Expired, TargetError, Window
from aoftool.ops.replay.moments import FAR
from aoftool.ops.replay.pacing import Pace
from aoftool.ops.replay.preparing import Wishes
from aoftool.ops.replay.running import Control, ReplayOptions
from aoftool.ops.replay.selection import Bound, Selection
from aoftool.ops.replay.survey import UnknownCommands
from tests.compat import servers
from tests.compat.replay.replaying import address_of, replay, write

FLUSH = Wishes(flush=True)
PAST, FUTURE = 1_500_000_000_000, 4_000_000_000_000


# Errors.
def test_every_failing_reply_is_told_with_its_place(client: Any, tmp_path: Path) -> None:
    lines = ["SET s 1", "LPUSH s x", "NOSUCH a", "GET", "INCR s", "SELECT 2", "LPUSH l a",
             "INCR l", "SET k v"]  # fmt: skip
    path = write(tmp_path / "x.aof", *lines)
    outcome, failures, _ = replay(path, address_of(client))
    sizes = [len(encode_command(line.encode().split())) for line in lines]
    expected = [
        (1, "WRONGTYPE"), (2, "ERR"), (3, "ERR"), (7, "WRONGTYPE")
    ]  # fmt: skip
    assert [(one.path, one.offset, one.record, one.argv) for one in failures] == [
        (str(path), sum(sizes[:at]), at + 1, tuple(lines[at].encode().split()))
        for at, _ in expected
    ]
    assert [one.reply.split()[0].decode() for one in failures] == [kind for _, kind in expected]
    counts = outcome.counts
    assert (counts.sent, counts.acknowledged, counts.failed) == (8, 4, 4)
    assert counts.kinds == {"WRONGTYPE": 2, "ERR": 2}
    assert client.get("s") == b"2"


def test_out_of_memory_is_an_error_like_others(client: Any, tmp_path: Path) -> None:
    client.config_set("maxmemory", 1)
    outcome, failures, _ = replay(write(tmp_path / "x.aof", "SET a 1", "DEL a"), address_of(client))
    client.config_set("maxmemory", 0)
    assert outcome.counts.kinds == {"OOM": 1}
    assert outcome.counts.acknowledged == 1
    assert failures[0].reply.startswith(b"OOM command not allowed")


@pytest.mark.parametrize(
    ("options", "reached", "stopped"),
    [
        ({"stop_on_error": True}, 300, "a command failed"),
        ({"max_errors": 2}, 600, "too many commands failed"),
        ({"max_errors": 4}, 901, None),
        ({}, 901, None),
    ],
)
def test_when_errors_stop_it(
    options: dict[str, Any], reached: int, stopped: str | None, client: Any, tmp_path: Path
) -> None:
    lines = [f"LPUSH n {n}" if n % 300 == 299 else f"INCR n{n}" for n in range(900)]
    path = write(tmp_path / "x.aof", "SET n 1", *lines)
    window = Window(commands=1)
    outcome, failures, _ = replay(path, address_of(client), ReplayOptions(window=window, **options))
    assert outcome.stopped == stopped
    # Runs of plain commands go as a whole: it ends soon behind the error, not at once.
    assert reached <= outcome.position.record <= reached + 300
    assert outcome.counts.sent == outcome.position.record
    assert outcome.counts.acknowledged == outcome.counts.sent - len(failures)
    assert client.dbsize() == outcome.counts.acknowledged


def test_transactions_are_whole(client: Any, tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.aof",
        "MULTI", "SET a 1", "LPUSH a x", "SELECT 1", "SET b 2", "EXEC",
        "MULTI", "SET c 1", "NOSUCH x", "SET d 1", "EXEC",
        "SET e 5",
    )  # fmt: skip
    outcome, failures, _ = replay(path, address_of(client))
    assert [one.record for one in failures] == [3, 9, 7, 8, 10, 11]
    assert {one.reply.split()[0] for one in failures[2:]} == {b"EXECABORT"}
    assert client.get("a") == b"1"
    assert client.get("e") is None  # the last SELECT was inside a transaction, and holds
    assert client.dbsize() == 1
    assert outcome.counts.acknowledged == outcome.counts.sent - 6
    told = client.info("keyspace")
    assert told["db1"]["keys"] == 2


def test_a_cut_transaction_is_not_sent(client: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", "SET a 1", "MULTI", "SET a 2", "SET b 2")
    outcome, _, _ = replay(path, address_of(client))
    assert client.get("a") == b"1"
    assert client.get("b") is None
    assert outcome.cut is not None
    assert outcome.cut[1] == outcome.position.offset == len(encode_command([b"SET", b"a", b"1"]))


def test_databases_are_mapped(client: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", "SET a 1", "SELECT 9", "SET b 1", "SELECT 3", "SET c 1")
    options = ReplayOptions(Selection(dbs={9: 0, 3: 4}))
    replay(path, address_of(client), options)
    told = client.info("keyspace")
    assert (sorted(told), client.get("b")) == (["db0", "db4"], b"1")


def test_a_database_that_is_not_there_stops_it_before(new: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", "SET a 1", "SELECT 16", "SET b 1")
    with pytest.raises(TargetError, match="no database 16"):
        replay(path, address_of(new))
    assert new.dbsize() == 0


# Times of expiry.
TRAP = ("SET c 5", f"PEXPIREAT c {PAST}", "INCR c", f"SET d 1 PXAT {FUTURE}", "RENAME d e",
        f"PEXPIREAT f {FUTURE}", "SET g 1", f"PEXPIREAT g {PAST}", "PERSIST g",
        "SADD h x", f"EXPIREAT h {FUTURE // 1000}", "SET i 1", f"GETEX i PXAT {PAST}")  # fmt: skip


@pytest.mark.parametrize(
    ("expired", "expected"),
    [
        (Expired.DROP, {b"e": FUTURE, b"g": None, b"h": FUTURE}),
        (Expired.KEEP, {b"c": None, b"e": FUTURE, b"g": None, b"h": FUTURE, b"i": None}),
    ],
)
def test_no_key_expires_on_the_way(
    expired: Expired, expected: dict[bytes, int | None], client: Any, tmp_path: Path
) -> None:
    path = write(tmp_path / "x.aof", *TRAP)
    outcome, failures, _ = replay(path, address_of(client), None, Wishes(expired=expired))
    assert (failures, outcome.held) == ([], False)
    assert {key: expire_at(client, key) for key in client.scan_iter()} == {
        key: at and pytest.approx(at, abs=50) for key, at in expected.items()
    }
    assert client.get("c") == (b"6" if expired is Expired.KEEP else None)
    assert (outcome.settled.keys, outcome.settled.expired) == (
        (2, 2) if expired is Expired.DROP else (4, 0)
    )


def expire_at(client: Any, key: bytes) -> int | None:
    left = client.pttl(key)
    return None if left < 0 else int(left + time.time() * 1000)


def test_all_times_move_on(client: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", *TRAP)
    wishes = Wishes(expired=Expired.SHIFT, now_ms=PAST - 60_000)
    replay(path, address_of(client), None, wishes)
    assert client.get("c") == b"6"
    assert 50_000 < client.pttl("c") <= 60_000


def test_times_as_they_are(client: Any, tmp_path: Path) -> None:
    """What a plain pipe makes of the file: the trap."""
    path = write(tmp_path / "x.aof", *TRAP[:3])
    replay(path, address_of(client), None, Wishes(hold=False))
    assert client.get("c") == b"1"


def test_an_interrupted_replay_keeps_times_back_until_it_is_resumed(
    client: Any, tmp_path: Path
) -> None:
    path = write(tmp_path / "x.aof", *TRAP, "NOSUCH", *["SET z 1"] * 5)
    kept = tmp_path / "checkpoint"
    options = ReplayOptions(checkpoint=kept, max_errors=1)
    outcome, _, _ = replay(path, address_of(client), options)
    assert outcome.held
    assert client.pttl("c") > FAR / 2
    assert json.loads(kept.read_text())["held"]
    outcome, _, _ = replay(path, address_of(client), options, Wishes(resume=True))
    assert (outcome.error, outcome.stopped, outcome.held) == (None, None, False)
    assert client.get("c") is None
    assert client.pttl("h") < FAR / 2
    assert json.loads(kept.read_text())["done"]


# What is there already.
def test_a_target_that_is_not_empty(client: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", "INCR n")
    client.set("n", 5)
    with pytest.raises(NotEmptyError, match="db0 1 keys"):
        replay(path, address_of(client))
    assert client.get("n") == b"5"
    replay(path, address_of(client), None, Wishes(into_nonempty=True))
    assert client.get("n") == b"6"
    replay(path, address_of(client), None, FLUSH)
    assert client.get("n") == b"1"


def test_keys_that_are_there(client: Any, tmp_path: Path) -> None:
    payload = dump(b"new", 9)
    path = write(tmp_path / "x.aof", [b"RESTORE", b"k", b"0", payload])
    client.set("k", "old")
    outcome, _, _ = replay(path, address_of(client), None, Wishes(into_nonempty=True))
    assert outcome.counts.kinds == {"BUSYKEY": 1}
    assert client.get("k") == b"old"
    replay(path, address_of(client), None, Wishes(into_nonempty=True, replace=True))
    assert client.get("k") == b"new"


def test_a_preamble_writes_over_nothing_unasked(client: Any) -> None:
    path = Path(__file__).parents[3] / "samples" / "preamble.aof"
    replay(path, address_of(client))
    keys = client.dbsize()
    outcome, failures, _ = replay(path, address_of(client), None, Wishes(into_nonempty=True))
    assert outcome.counts.kinds["BUSYKEY"] == len([one for one in failures if one.record is None])
    assert outcome.counts.failed >= keys - 1
    wishes = Wishes(into_nonempty=True, replace=True)
    outcome, failures, _ = replay(path, address_of(client), None, wishes)
    assert failures == []


def test_commands_that_the_target_has_not(clients: dict[str, Any], tmp_path: Path) -> None:
    old = clients["6.2"]
    old.flushall()
    path = write(tmp_path / "x.aof", "SET a 1", "FUNCTION LOAD x", "FUNCTION LOAD y", "SET b 1")
    with pytest.raises(UnknownCommands, match=r"has no FUNCTION \(2\)"):
        replay(path, address_of(old), ReplayOptions(stop_on_error=True))
    assert old.dbsize() == 0
    skip = Selection(skip=frozenset((b"FUNCTION",)))
    outcome, _, _ = replay(path, address_of(old), ReplayOptions(skip, stop_on_error=True))
    assert (outcome.counts.acknowledged, outcome.counts.skipped) == (2, 2)
    only = Selection(commands=frozenset((b"SET",)))
    outcome, _, _ = replay(path, address_of(old), ReplayOptions(only, stop_on_error=True), FLUSH)
    assert (outcome.counts.acknowledged, outcome.counts.skipped) == (2, 2)


# Going on.
@contextmanager
def restartable(folder: Path, socket: Path) -> Iterator[Any]:
    """A real 7.0 with an AOF that can be killed and started again at the same place."""
    running: list[subprocess.Popen[bytes]] = []

    def start() -> Any:
        argv = [servers.find("7.0").server, "--port", "0", "--unixsocket", str(socket), "--dir",
                str(folder), "--save", "", "--appendonly", "yes", "--appendfsync", "everysec",
                "--enable-debug-command", "yes", "--logfile", str(folder / "log")]  # fmt: skip
        running.append(subprocess.Popen(argv))
        client = redis.Redis(unix_socket_path=str(socket))
        deadline = time.monotonic() + servers.STARTUP_SECONDS
        while time.monotonic() < deadline:
            try:
                client.ping()
                break
            except (redis.ConnectionError, redis.BusyLoadingError):
                time.sleep(0.01)
        return client

    def kill() -> None:
        running[-1].kill()
        running[-1].wait()

    try:
        yield start, kill
    finally:
        kill()


def workload(count: int) -> Iterator[list[bytes]]:
    for number in range(count):
        key = b"k%d" % (number % 997)
        yield [b"SELECT", b"%d" % (number // 1000 % 3)] if number % 1000 == 0 else [
            b"HSET", b"h" + key, b"f%d" % (number % 13), b"%d" % number]  # fmt: skip
        if number % 50 == 0:
            yield from ([b"MULTI"], [b"SET", key, b"%d" % number], [b"SADD", b"s", key], [b"EXEC"])


def test_the_target_is_killed_and_the_replay_goes_on(new: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", *workload(60_000))
    replay(path, address_of(new), None, FLUSH)
    expected = new.execute_command("DEBUG DIGEST")
    short = TemporaryDirectory(prefix="aof-")  # a socket's path may not be long
    socket = Path(short.name) / "s"
    kept = tmp_path / "checkpoint"
    folder = tmp_path / "data"
    folder.mkdir()
    with short, restartable(folder, socket) as (start, kill):
        start()
        address = Address(path=str(socket))
        options = ReplayOptions(checkpoint=kept, pace=Pace(commands=200_000))
        threading.Timer(0.1, kill).start()
        outcome, _, _ = replay(path, address, options)
        assert isinstance(outcome.error, TargetError)
        assert 0 < outcome.position.offset < path.stat().st_size
        assert json.loads(kept.read_text())["offset"] == outcome.position.offset
        client = start()
        outcome, failures, _ = replay(path, address, options, Wishes(resume=True))
        assert (outcome.error, failures) == (None, [])
        assert client.execute_command("DEBUG DIGEST") == expected


def for_a_while(seconds: float) -> dict[str, Any]:
    """What makes a replay stop when so much of its own time has gone."""
    control, now = Control(), [0.0]

    def wait(more: float) -> None:
        now[0] += more
        control.stop = now[0] > seconds

    return {"control": control, "clock": lambda: now[0], "wait": wait}


def test_stops_between_any_two_records(client: Any, tmp_path: Path) -> None:
    """Every record is done once: INCR would tell."""
    path = write(tmp_path / "x.aof", *["INCR n", "MULTI", "INCR n", "INCR m", "EXEC"] * 20)
    options = ReplayOptions(
        checkpoint=tmp_path / "checkpoint", pace=Pace(commands=20), window=Window(commands=1)
    )
    wishes = Wishes()
    rounds = 0
    while True:
        outcome, _, _ = replay(
            path, address_of(client), options, wishes,
            **for_a_while(0.3),
        )  # fmt: skip
        rounds += 1
        if outcome.stopped is None:
            break
        wishes = Wishes(resume=True)
    assert rounds > 5
    assert (client.get("n"), client.get("m")) == (b"40", b"20")


@pytest.mark.parametrize("change", ["other bytes", "shorter", "another file", "other options"])
def test_a_changed_source_is_refused(change: str, client: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", *["SET a 1"] * 100, "NOSUCH", "SET a 2")
    options = ReplayOptions(checkpoint=tmp_path / "checkpoint", max_errors=1)
    replay(path, address_of(client), options)
    data = path.read_bytes()
    if change == "other bytes":
        path.write_bytes(data.replace(b"SET", b"GET", 1))
    elif change == "shorter":
        path.write_bytes(data[:-31])
    elif change == "another file":
        path = path.rename(tmp_path / "y.aof")
    else:
        options = ReplayOptions(Selection(match=(b"a",)), checkpoint=options.checkpoint)
    with pytest.raises(RefusedError, match=r"changed|other options"):
        replay(path, address_of(client), options, Wishes(resume=True))


def test_a_source_that_grew_is_the_same(client: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", "INCR a", "SELECT 2", "INCR a")
    options = ReplayOptions(checkpoint=tmp_path / "checkpoint")
    replay(path, address_of(client), options)
    with path.open("ab") as file:
        file.write(encode_command([b"INCR", b"a"]))
    outcome, _, _ = replay(path, address_of(client), options, Wishes(resume=True))
    assert outcome.counts.sent == 1
    assert client.get("a") == b"1"
    assert client.info("keyspace")["db2"]["keys"] == 1


def test_in_the_middle_of_a_preamble(client: Any, tmp_path: Path) -> None:
    """Where a replay stops among keys in RDB form, it goes on with the next key."""
    path = Path(__file__).parents[3] / "samples" / "preamble.aof"
    replay(path, address_of(client))
    keys = client.dbsize()
    client.flushall()
    options = ReplayOptions(
        checkpoint=tmp_path / "checkpoint", pace=Pace(commands=20), window=Window(commands=1)
    )
    wishes, sent, rounds = Wishes(), 0, 0
    while rounds < 200:
        outcome, failures, _ = replay(
            path, address_of(client), options, wishes,
            **for_a_while(0.2),
        )  # fmt: skip
        assert failures == []
        sent += outcome.counts.acknowledged
        rounds += 1
        wishes = Wishes(resume=True)
        if outcome.stopped is None:
            break
    assert outcome.stopped is None
    assert rounds > 3
    assert client.dbsize() == keys


# Ranges.
def test_a_range_of_time(client: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.aof"
    parts = [b"#TS:%d\r\n" % (1000 + n) + encode_command([b"SET", b"k%d" % n, b"v"])
             for n in range(10)]  # fmt: skip
    path.write_bytes(b"".join(parts))
    selection = Selection(since=Bound(second=1003), until=Bound(second=1006))
    outcome, _, _ = replay(path, address_of(client), ReplayOptions(selection))
    assert sorted(client.keys()) == [b"k3", b"k4", b"k5", b"k6"]
    assert (outcome.counts.sent, outcome.counts.skipped) == (4, 6)


# Following.
def until(condition: Any, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def following(path: Path, address: Address, **options: Any) -> Iterator[Any]:
    """A replay that follows in a thread; yields what stops it and what came of it."""
    control = Control()
    found: list[Any] = []

    def follow() -> None:
        found.append(replay(path, address, ReplayOptions(follow=True, **options), control=control))

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        yield found
    finally:
        control.stop = True
        thread.join(20)


def test_it_follows_a_server_across_rewrites(new: Any, tmp_path: Path) -> None:
    """A second server holds what the first one holds, while that one works and rewrites."""
    with servers.serving(
        "7.0", tmp_path, *servers.WITH_AOF, "--enable-debug-command", "yes",
        "--auto-aof-rewrite-percentage", "0",
    ) as first:  # fmt: skip
        first.set("before", 1)
        with following(tmp_path / servers.AOF_DIR, address_of(new)) as found:
            for number in range(6):
                first.set(f"k{number}", "v", ex=1000)
                first.rpush("list", number)
                pipe = first.pipeline()
                pipe.incr("n").incr("m").execute()
                if number % 2:
                    until(lambda: new.llen("list") == first.llen("list"))
                    first.bgrewriteaof()
                    until(lambda: not first.info("persistence")["aof_rewrite_in_progress"])
            until(lambda: new.get("m") == first.get("m"))
            assert new.execute_command("DEBUG DIGEST") == first.execute_command("DEBUG DIGEST")
            assert new.pttl("k5") == pytest.approx(first.pttl("k5"), abs=100)
    outcome, failures, _ = found[0]
    assert (outcome.error, failures, outcome.stopped) == (None, [], "interrupted")


def test_it_waits_for_half_a_record(new: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", "SET a 1")
    record = encode_command([b"SET", b"b", b"2" * 100_000])
    with following(path, address_of(new)) as found:
        until(lambda: new.get("a") == b"1")
        with path.open("ab", buffering=0) as file:
            file.write(record[:-11])
            time.sleep(0.2)
            assert new.get("b") is None
            file.write(record[-11:])
            until(lambda: new.strlen("b") == 100_000)
    assert found[0][0].error is None


def test_it_follows_a_single_file_across_rewrites(new: Any, tmp_path: Path) -> None:
    """Redis 6 replaces the file; commands that come meanwhile stand in both, and are sent once."""
    with servers.serving(
        "6.2", tmp_path, *servers.WITH_AOF, "--auto-aof-rewrite-percentage", "0"
    ) as first:
        pipe = first.pipeline(transaction=False)
        for number in range(20_000):
            pipe.set(f"key:{number}", "v" * 100)
        pipe.execute()
        path, kept = tmp_path / servers.AOF, tmp_path / "checkpoint"
        with following(path, address_of(new), checkpoint=kept) as found:
            until(lambda: new.dbsize() == first.dbsize())
            for _ in range(3):
                first.bgrewriteaof()
                writes = 0
                while first.info("persistence")["aof_rewrite_in_progress"] or writes < 20:
                    first.incr("n")
                    first.rpush("list", writes)
                    writes += 1
                first.incr("n")
                until(lambda: new.get("n") == first.get("n"))
            assert first.execute_command("DEBUG DIGEST") == new.execute_command("DEBUG DIGEST")
    outcome, failures, _ = found[0]
    assert (outcome.error, failures, outcome.stopped) == (None, [], "interrupted")
    assert new.llen("list") > 60
    told = json.loads(kept.read_text())
    assert (told["offset"], told["done"]) == (outcome.position.offset, False)
    assert told["offset"] == path.stat().st_size


def test_a_file_that_was_replaced_by_another_ends_it(new: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "x.aof", "SET a 1")
    with following(path, address_of(new)) as found:
        until(lambda: new.get("a") == b"1")
        shutil.copy(path, tmp_path / "y")
        (tmp_path / "y").replace(path)
        until(lambda: found)
    assert isinstance(found[0][0].error, FileSetError)


# Slow targets.
def test_memory_is_bounded_by_the_window(clients: dict[str, Any], tmp_path: Path) -> None:
    """A target that stops reading: what is on its way is never more than the window."""
    path = write(tmp_path / "x.aof", *([b"SET", b"k%d" % n, b"v" * 10_000] for n in range(6000)))
    client = clients["7.0"]
    client.flushall()
    code = (
        "import sys, resource\n"
        "from pathlib import Path\n"
        "from tests.compat.replay.replaying import replay\n"
        "from aoftool.ops.replay.address import Address\n"
        "from aoftool.ops.replay.running import ReplayOptions\n"
        "from aoftool.ops.replay.model import Window\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "done = replay(Path(sys.argv[1]), Address(path=sys.argv[2]),\n"
        "              ReplayOptions(window=Window(bytes=1 << 20)))[0]\n"
        "after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(done.counts.acknowledged, after - before)\n"
    )
    pause = threading.Timer(0.3, client.execute_command, ["DEBUG", "SLEEP", "1"])
    pause.start()
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), address_of(client).path or ""],
        capture_output=True, text=True, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    pause.join()
    assert done.returncode == 0, done.stderr
    acknowledged, grown = map(int, done.stdout.split())
    assert acknowledged == 6000
    assert grown < 16 << 10  # KiB; the file has 60 MB
