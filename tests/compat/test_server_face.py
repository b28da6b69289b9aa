"""What the live server says of itself against real servers: INFO, CLIENT and their kin.

The same calls go to both over sockets, and replies must be the same to the type byte. A difference
that is meant stands in a table with its reason; one that is no more fails as well.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.compat.face import Pair, assert_same
from tests.compat.wire import pairs, plain


def sections(text: bytes) -> dict[str, list[str]]:
    """Names of the fields of INFO by section."""
    found: dict[str, list[str]] = {}
    for line in text.decode().splitlines():
        if line.startswith("# "):
            found[line[2:]] = names = []
        elif line:
            names.append(line.partition(":")[0])
    return found


#: Fields that only one of the two has: (release, field): why.
_COW = "6.0 does not tell of the memory of a child that runs"
_LATER = "told since 7.2 or 7.4"
ONLY_REAL = {
    **{
        ("6.2", name): _COW
        for name in ("current_cow_size", "current_cow_size_age", "current_fork_perc",
                     "current_save_keys_processed", "current_save_keys_total")
    },
}  # fmt: skip
_LATER_FIELDS = """
    pubsub_clients watching_clients total_watched_keys total_blocking_keys
    total_blocking_keys_on_nokey client_query_buffer_limit_disconnections
    client_output_buffer_limit_disconnections acl_access_denied_auth acl_access_denied_cmd
    acl_access_denied_key acl_access_denied_channel expired_subkeys evicted_scripts
    eventloop_cycles eventloop_duration_sum eventloop_duration_cmd_sum
    instantaneous_eventloop_cycles_per_sec instantaneous_eventloop_duration_usec
    mem_overhead_db_hashtable_rehashing
"""
ONLY_OURS = {("7.0", name): _LATER for name in _LATER_FIELDS.split()}


def test_info_fields(servers: Pair) -> None:
    pair, release = servers.again(), servers.release
    texts = [plain(reply) for reply in pair.both("info everything")]
    real, ours = map(sections, texts)
    assert list(ours) == list(real)
    for name in real.keys() - {"Commandstats", "Errorstats", "Latencystats", "Keyspace"}:
        only_real = {key for key in real[name] if (release, key) in ONLY_REAL}
        only_ours = {key for key in ours[name] if (release, key) in ONLY_OURS}
        assert [key for key in ours[name] if key not in only_ours] == [
            key for key in real[name] if key not in only_real
        ]


def test_info_sections(pair: Pair) -> None:
    for asked in ("", "server", "all", "default", "nosuch", "keyspace", "CLUSTER", "cpu stats"):
        replies = pair.both(f"info {asked}".strip())
        marks = [reply[0] for reply in replies]
        assert marks[0] == marks[1], asked
        if marks[0] == "-":
            assert replies[0] == replies[1]
        else:
            real, ours = (list(sections(plain(reply))) for reply in replies)
            assert ours == real, asked


def test_commandstats_and_errorstats(servers: Pair) -> None:
    pair = servers.again()
    for wire in (pair.real, pair.ours):
        wire(["config", "resetstat"])
        for line in ("set a 1", "get", "lpush a 1", "nosuch", "client id"):
            wire(line.split())
    wanted = re.compile(rb"(?:cmdstat_(?:set|get|lpush|client)|errorstat)[^\r]*")
    real, ours = (plain(reply) for reply in pair.both("info everything"))

    def shown(text: bytes) -> set[bytes]:
        return {
            re.sub(rb"usec=\d+,usec_per_call=[\d.]+", b"", line) for line in wanted.findall(text)
        }

    assert shown(ours) == shown(real)


def test_client(pair: Pair) -> None:
    assert_same(
        pair,
        """
        client getname
        client setname foo
        client getname
        client setname ''
        client getname
        client kill 1.2.3.4:5
        client kill id 99999
        client kill id x
        client kill id -1
        client kill type foo
        client kill type pubsub
        client kill user nosuch
        client kill user default type replica
        client kill skipme maybe
        client kill foo bar
        client kill id 5 type
        client kill laddr 1.1.1.1:1
        client list id 1 2 x
        client list id 99999
        client list type foo
        client list type replica
        client list foo
        client list id
        7.0: client no-evict on
        7.0: client no-evict foo
        7.0: client no-evict off
        client getredir
        client trackinginfo
        client tracking off
        client tracking foo
        client caching yes
        client pause x
        client pause -1
        client pause 1 foo
        client unpause
        client unblock 9999
        client unblock x
        client unblock 1 foo
        client reply foo
        client reply on
        client foo
        client
        client id 1
        """,
    )


def test_client_names_may_not_have_blanks(pair: Pair) -> None:
    words = ["client", "setname", "foo bar"]
    assert pair.ours(words) == pair.real(words)


def test_client_list_has_the_same_fields(servers: Pair) -> None:
    later = {b"watch", b"lib-name", b"lib-ver"} if servers.release == "7.0" else set()
    real, ours = (plain(reply) for reply in servers.again().both("client info"))
    fields = [[word.partition(b"=")[0] for word in line.split()] for line in (real, ours)]
    assert [name for name in fields[1] if name not in later] == fields[0]


def test_replies_can_be_left_out(servers: Pair) -> None:
    pair = servers.again()
    for wire in (pair.real, pair.ours):
        wire.send(["client", "reply", "skip"], ["ping", "1"], ["ping", "2"])
        assert plain(wire.reply()) == b"2"
        wire.send(
            ["client", "reply", "off"], ["ping", "3"], ["client", "reply", "on"], ["ping", "4"]
        )
        assert [plain(wire.reply()), plain(wire.reply())] == [b"OK", b"4"]


def test_what_hello_has_done_before_it_is_refused(servers: Pair) -> None:
    """Since 7.2 that is nothing, and our style 7 is that of 7.4."""
    for words in ("auth nosuch x", "nosuch"):
        pair = servers.again()
        for wire in (pair.real, pair.ours):
            wire(["hello", "3", "setname", "a"])
            assert wire(["hello", "3", "setname", "b", *words.split()])[0] == "-"
        real, ours = (plain(reply) for reply in pair.both("client getname"))
        assert real == b"b"
        assert ours == (b"b" if servers.release == "6.2" else b"a")


def test_a_client_can_be_killed(servers: Pair) -> None:
    pair, other = servers.again(), servers.again()
    for wire, victim in ((pair.real, other.real), (pair.ours, other.ours)):
        number = plain(victim(["client", "id"]))
        assert plain(wire(["client", "kill", "id", number])) == b"1"
        with pytest.raises(ConnectionError):
            victim(["ping"])
        assert plain(wire(["client", "kill", "id", plain(wire(["client", "id"])), "skipme", "no"]))
        with pytest.raises(ConnectionError):
            wire(["ping"])


def test_monitor(servers: Pair) -> None:
    pair, other = servers.again(), servers.again()
    for wire, caller in ((pair.real, other.real), (pair.ours, other.ours)):
        assert plain(wire(["monitor"])) == b"OK"
        caller(["select", "2"])
        caller(["set", "k", b'a"\n\xff'])
        caller(["config", "get", "hz"])
        caller(["ping"])
        wire.send(["ping"])
        lines = [plain(wire.reply()) for _ in range(3)]
        for line, end in zip(
            lines, (b'"select" "2"', rb'"set" "k" "a\"\n\xff"', b'"ping"'), strict=True
        ):
            assert re.fullmatch(rb"\d+\.\d{6} \[\d+ unix:[^]]+\] (.*)", line)[1] == end  # type: ignore[index]


def test_latency_and_slowlog(pair: Pair) -> None:
    assert_same(
        pair,
        """
        latency latest
        latency history command
        latency reset
        latency reset a b
        latency graph nosuch
        latency foo
        latency history
        slowlog reset
        slowlog len
        slowlog get x
        slowlog get -2
        slowlog get 0
        slowlog get -1
        slowlog foo
        """,
    )


def test_slow_commands_are_kept(servers: Pair) -> None:
    pair = servers.again()
    for wire in (pair.real, pair.ours):
        for line in (
            "config set latency-monitor-threshold 10",
            "config set slowlog-log-slower-than 10000",
            "client setname me",
            "slowlog reset",
            "latency reset",
            "debug sleep 0.02",
        ):
            wire(line.split())
        entry = plain(wire(["slowlog", "get"]))[0]
        assert int(entry[2]) >= 20_000
        assert entry[3] == [b"debug", b"sleep", b"0.02"]
        assert entry[5] == b"me"
        event, at_s, last, worst = plain(wire(["latency", "latest"]))[0]
        assert (event, last) == (b"command", worst)
        assert int(last) >= 20
        assert plain(wire(["latency", "history", "command"])) == [[at_s, last]]
        wire(["config", "set", "latency-monitor-threshold", 0])


def test_slow_commands_of_a_transaction_are_kept_by_themselves(servers: Pair) -> None:
    pair = servers.again()
    for wire in (pair.real, pair.ours):
        wire(["config", "set", "slowlog-log-slower-than", "10000"])
        wire(["slowlog", "reset"])
        for line in ("multi", "ping", "debug sleep 0.02", "exec"):
            wire(line.split())
        assert [entry[3] for entry in plain(wire(["slowlog", "get"]))] == [
            [b"debug", b"sleep", b"0.02"]
        ]


def test_secrets_are_not_shown(servers: Pair) -> None:
    pair, other = servers.again(), servers.again()
    for wire, caller in ((pair.real, other.real), (pair.ours, other.ours)):
        wire(["config", "set", "slowlog-log-slower-than", "0"])
        wire(["slowlog", "reset"])
        caller(["config", "set", "masterauth", "secret"])
        caller(["auth", "secret"])
        shown = repr(plain(wire(["slowlog", "get"])))
        wire(["config", "set", "slowlog-log-slower-than", "10000"])
        assert "masterauth" in shown
        assert "secret" not in shown


def test_memory_and_what_is_turned_off(pair: Pair) -> None:
    assert_same(
        pair,
        """
        memory usage nosuch
        memory usage nosuch samples 5
        memory usage nosuch foo 5
        memory usage nosuch samples -1
        memory usage nosuch samples x
        memory purge
        memory foo
        replicaof no one
        slaveof no one
        7.0: failover
        failover abort
        cluster info
        cluster slots
        readonly
        7.0: readwrite
        asking
        module list
        module foo
        role
        acl whoami
        acl users
        """,
    )


def test_memory_stats_has_the_same_fields(servers: Pair) -> None:
    real, ours = (set(pairs(reply)) for reply in servers.again().both("memory stats"))
    since_7 = {b"cluster.links", b"functions.caches"} if servers.release == "6.2" else set()
    assert ours - since_7 == real


def test_debug(pair: Pair) -> None:
    kinds = "string integer double null array set map bignum attrib verbatim true false push foo"
    assert_same(pair, "\n".join(f"debug protocol {kind}" for kind in kinds.split()))
    if pair.both("debug protocol true")[0][0] == "#":  # the reply behind a push
        assert pair.ours.reply() == pair.real.reply()
    assert_same(pair, "multi\ndebug protocol bignum\ndebug protocol attrib\nexec")
    assert_same(
        pair,
        """
        debug error FOO
        debug log hello
        debug change-repl-id
        7.0: debug quicklist-packed-threshold 100
        7.0: debug quicklist-packed-threshold x
        7.0: debug set-disable-deny-scripts 1
        flushall
        debug populate 3
        debug populate 3 x
        debug populate 5 y 20
        debug populate x
        dbsize
        get key:0
        get x:2
        get y:4
        debug htstats 99
        debug htstats-key nosuch
        debug htstats-key x:1
        6.2: debug ziplist nosuch
        6.2: debug ziplist x:1
        7.0: debug listpack nosuch
        7.0: debug listpack x:1
        7.0: debug replybuffer resizing 0
        debug object nosuch
        debug set-active-expire 1
        debug sleep 0
        """,
    )


def test_command(pair: Pair) -> None:
    assert_same(
        pair,
        """
        command count 1
        command info nosuch
        command getkeys foo bar
        command getkeys get a
        command getkeys mset a 1 b 2
        command getkeys eval x 2 a b c
        command getkeys eval x 9 a
        command getkeys set a
        command getkeys config get x
        7.0: command getkeysandflags get a
        7.0: command getkeysandflags incr a
        7.0: command list filterby module foo
        7.0: command list filterby foo foo
        7.0: command list filterby pattern xz*
        7.0: command list foo
        7.0: command docs nosuch
        command foo
        """,
    )


def test_command_info_of_plain_commands(pair: Pair) -> None:
    """Rows agree, whatever the order of flags; tests of the table compare all commands."""

    def sort_sets(reply: Any) -> Any:
        mark, value = reply
        if not isinstance(value, list):
            return reply
        parts = [sort_sets(part) for part in value]
        statuses = parts and all(part[0] == "+" for part in parts)
        return mark, sorted(parts) if statuses else parts

    for name in ("get", "ping", "incr", "mget", "getrange"):
        real, ours = pair.both(f"command info {name}")
        if pair.release == "7.0":  # tips about clusters are not told here
            for reply in (real, ours):
                reply[1][0][1][7:8] = []
        assert sort_sets(ours) == sort_sets(real)
