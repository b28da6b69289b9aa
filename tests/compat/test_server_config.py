"""CONFIG against real servers: values, bounds, and the words in which a change is refused."""

from __future__ import annotations

import pytest

from tests.compat.face import Pair, assert_same
from tests.compat.wire import pairs


def test_config_set_and_get(pair: Pair) -> None:
    assert_same(
        pair,
        """
        config set nosuch 1
        config set hz
        config set hz 1000 timeout 3
        config get hz
        config set HZ zz
        config set hz 5 hz 6
        config set hz 10
        config set hash-max-ziplist-entries x
        config set hash-max-ziplist-entries 512
        6.2: config set dir /nosuchx
        7.0: config set dir /tmp
        7.0: config set dbfilename x
        6.2: config set dbfilename a/b
        config set appendonly maybe
        config set databases 3
        config set maxmemory 1xb
        config set maxmemory 1.5gb
        config set maxmemory -5
        config set maxmemory 2MB
        config get maxmemory
        config set maxmemory 0
        config set timeout +5
        config set timeout -1
        config set proto-max-bulk-len 1
        config set save 0
        config set save ''
        config get save
        config set client-output-buffer-limit normal
        config set notify-keyspace-events KExx
        config get notify-keyspace-events
        config set notify-keyspace-events KEg$lshzxetd
        config get notify-keyspace-events
        config set notify-keyspace-events q
        config set notify-keyspace-events ''
        config set oom-score-adj-values 1
        7.0: config set latency-tracking-info-percentiles 101
        7.0: config set latency-tracking-info-percentiles x
        7.0: config set maxmemory-clients 5%
        7.0: config get maxmemory-clients
        7.0: config set maxmemory-clients 101%
        7.0: config set maxmemory-clients x
        7.0: config set maxmemory-clients 0
        config set maxclients 0
        config set appendfsync SOMETIMES
        config set appendfsync EVERYSEC
        config get appendfsync
        config get nosuch
        config get key-load-delay
        7.0: config get key-load-d*
        7.0: config set cluster-announce-hostname bad_host
        7.0: config set proc-title-template {x
        7.0: config set proc-title-template {x}
        config set oom-score-adj relative
        config get oom-score-adj
        config set oom-score-adj no
        config rewrite
        config rewrite 1
        config resetstat
        config resetstat 1
        config
        config get
        config foo bar
        6.2: config get a b
        config set repl-backlog-size 0
        config set min-slaves-max-lag 3
        config get min-replicas-max-lag
        config set min-replicas-max-lag 10
        config set list-max-ziplist-size 99999999999
        config set hll-sparse-max-bytes -1
        config set client-query-buffer-limit 1
        config set active-expire-effort 11
        config set loglevel notice
        """,
    )


def test_config_values_of_several_words(pair: Pair) -> None:
    for value in ("1 2 3", "100 1 200 2", "0 1", "1 -1", "", "x 1"):
        words = ["config", "set", "save", value]
        assert pair.ours(words) == pair.real(words), value
    name = "client-output-buffer-limit"
    limits = ["normal 1mb 2kb 3 pubsub 0 0 0", "replica 1mb 2kb 3", "foo 1 2 3", "master 1 2 3",
              "normal 1 2 3 slave 0 0 -1", "normal 1 2", "normal 0 0 0"]  # fmt: skip
    for value in limits:
        words = ["config", "set", name, value]
        assert pair.ours(words) == pair.real(words), value
        assert pair.ours(["config", "get", name]) == pair.real(["config", "get", name])
    for value in ("1 2", "3 2 1", "1 2 99999", "0 200 800"):
        words = ["config", "set", "oom-score-adj-values", value]
        assert pair.ours(words) == pair.real(words), value


def test_how_signals_end_it(servers: Pair) -> None:
    if servers.release == "6.2":
        pytest.skip("has no choice")
    pair, name = servers.again(), "shutdown-on-sigterm"
    for value in ("nosave force", "save nosave", "default save", "NOW", "", "force now save",
                  "maybe", "default"):  # fmt: skip
        words = ["config", "set", name, value]
        assert pair.ours(words) == pair.real(words), value
        assert pair.ours(["config", "get", name]) == pair.real(["config", "get", name])


def test_config_set_changes_all_or_nothing(servers: Pair) -> None:
    if servers.release == "6.2":
        pytest.skip("takes one at a time")
    pair = servers.again()
    assert_same(pair, "config set timeout 7 hz 20 maxmemory x\nconfig get timeout\nconfig get hz")


_PLACE = "depends on how the server was started"
_DEFAULT = "has another default in the other release"
#: Options that are not told alike, by release: why.
OTHER_VALUES = {
    **{
        (release, name): _PLACE
        for release in ("6.2", "7.0")
        for name in ("dir", "unixsocket", "bind")
    },
    ("7.0", "repl-diskless-sync"): _DEFAULT,
    ("7.0", "enable-debug-command"): _PLACE,
}


def test_config_get_all(servers: Pair) -> None:
    release = servers.release
    real, ours = (pairs(reply) for reply in servers.again().both("config get *"))
    assert {name for name in real if name not in ours} == set()
    other = {(release, name.decode()) for name in real if ours[name] != real[name]}
    allowed = {row for row in OTHER_VALUES if row[0] == release}
    assert other - allowed == set(), "not meant"
    assert allowed - other == set(), "no longer so"


def test_config_bounds(servers: Pair) -> None:
    """Bad values of every option that can be set are refused in the same words."""
    pair = servers.again()
    names = sorted(pairs(pair.real(["config", "get", "*"])))
    left = {b"dir", b"dbfilename", b"bind", b"port", b"tls-port", b"requirepass", b"appendonly",
            b"watchdog-period", b"maxclients", b"disable-thp"}  # fmt: skip
    for name in names:
        if name in left:
            continue
        before = pairs(pair.real(["config", "get", name.decode()]))[name].decode()
        for value in ("zz top", "-99999999999999999999", "-9999999999", "-1", "99999999999999"):
            words = ["config", "set", name.decode(), value]
            real = pair.real(words)
            if real[0] == "-":
                assert pair.ours(words) == real, words
            else:
                pair.real(["config", "set", name.decode(), before])
