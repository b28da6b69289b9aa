"""What users may do: the same calls on real servers and on ours."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from aoftool.keyspace.command import TABLE
from tests.compat.accesslists import assert_closed, assert_same, comparable
from tests.compat.face import Pair
from tests.compat.stage import Stage
from tests.compat.test_command_table import GRAMMAR
from tests.compat.wire import Wire, pairs, plain

pytestmark = pytest.mark.usefixtures("no_users_left")

PERMISSIONS = """
    acl setuser d reset on nopass +@all -config ~k* resetchannels &c*
    auth d x
    acl setuser d -get -acl|help
    get kx
    set foo 1
    mget k1 foo bar
    config get x
    publish x y
    subscribe c1 x
    psubscribe c* d*
    psubscribe c1
    multi
    get k
    publish x y
    set foo 1
    config get x
    exec
    eval return(redis.call('get','kx')) 0
    eval return(redis.call('set','foo','kx')) 0
    eval return(redis.call('publish','foo','kx')) 0
    eval return(redis.pcall('get','kx')) 0
    eval return(redis.pcall('get','kx').err) 0
    7.0: eval return(redis.pcall('config','get')) 0
    7.0: eval return{redis.acl_check_cmd('get','kx')} 0
    7.0: eval return{redis.acl_check_cmd('set','kx',1)} 0
    7.0: eval return{redis.acl_check_cmd('set','foo',1)} 0
    7.0: eval return{redis.acl_check_cmd('config','get','a')} 0
    7.0: eval return{redis.acl_check_cmd('nosuch')} 0
    eval return(1) 1 foo
    eval return(1) 1 kfoo
    sort k1 by x*
    sort k1 get #
    sort k1 get foo
    sort k1 get foo* store kx
    sort k1 by foo
    sort k1 by nosort get #
    sort k1 store foo
    auth default x
    auth d
    acl setuser d nopass resetpass >p
    auth d q
    AUTH nouser q
    hello 3 auth d q
    acl whoami
    auth default x
    7.0: acl dryrun d get k
    7.0: acl dryrun d set foo 1
    7.0: acl dryrun d publish x y
    7.0: acl dryrun d config get x
    7.0: acl dryrun d set k 1
    reset
    acl whoami
    acl setuser d off
    auth d p
"""


def test_permissions(servers: Pair) -> None:
    pair = servers.again()
    assert_same(pair, PERMISSIONS)
    for wire in (pair.real, pair.ours):
        wire(["acl", "deluser", "d"])


def log_of(wire: Wire) -> list[dict[bytes, Any]]:
    """The entries of ACL LOG, without what is of the moment or of later releases."""
    entries = [pairs(("*", entry)) for _, entry in wire(["acl", "log", "100"])[1]]
    for entry in entries:
        for name in (b"age-seconds", b"entry-id", b"timestamp-created", b"timestamp-last-updated"):
            entry.pop(name, None)
        entry[b"client-info"] = comparable(("$", entry[b"client-info"]))
    return entries


def test_log(servers: Pair) -> None:
    pair = servers.again()
    pair.both("acl log reset")
    assert_same(pair, PERMISSIONS)
    real, ours = log_of(pair.real), log_of(pair.ours)
    assert len(ours) > 8
    assert ours == real
    assert_same(pair, """
        acl log reset
        acl log
        config set acllog-max-len 2
        auth a x
        auth b x
        auth c x
        auth a x
        AUTH a x
        auth a x
    """)  # fmt: skip
    assert log_of(pair.ours) == log_of(pair.real)
    assert len(log_of(pair.ours)) == 2
    assert_same(pair, "acl log -3\nacl log x\nconfig set acllog-max-len 128")


def test_refusals_are_counted(servers: Pair) -> None:
    if servers.release == "6.2":
        pytest.skip("INFO does not tell them before 7.2")
    pair = servers.again()
    pair.both("config resetstat")
    pair.both("acl log reset")
    assert_same(pair, PERMISSIONS)
    counted = {b"auth": 0, b"command": 0, b"key": 0, b"channel": 0}
    for entry in log_of(pair.real):
        counted[entry[b"reason"]] += int(entry[b"count"])
    text = plain(pair.ours(["info", "stats"])).decode()
    told = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    names = ("auth", "cmd", "key", "channel")
    assert [int(told[f"acl_access_denied_{name}"]) for name in names] == list(counted.values())
    assert min(counted.values()) > 2


PERMITTED = ("~*", "%R~*", "%W~*", "~a", "%R~a", "%W~a", "resetkeys", "%R~a %W~b", "%R~b %W~a")


def test_access_to_keys(servers: Pair) -> None:
    """What every command does with each of its keys, as DRYRUN tells it."""
    if servers.release == "6.2":
        pytest.skip("all keys are alike there")
    pair, rng = servers.again(), Random(7)
    names = plain(pair.real(["command", "list"]))
    known = {name.upper().replace(b"|", b" ") for name in names}
    compared = 0
    for rules in PERMITTED:
        pair.both(f"acl setuser k reset on nopass +@all {rules}")
        for name, row in TABLE.declared().items():
            # It refuses a call without sources, or a key together with KEYS, before it looks.
            if row.subcommands or name not in known or name in (b"PFMERGE", b"MIGRATE"):
                continue
            words = [
                rng.choice((b"a", b"b")) if word in (b"key", b"destination") else word
                for word in GRAMMAR.call(row, rng)
            ]
            real, ours = (wire(["acl", "dryrun", "k", *words]) for wire in (pair.real, pair.ours))
            if real[1].startswith(b"ERR wrong number"):
                continue
            assert ours == real, (rules, words)
            compared += 1
    assert compared > 1000


def test_a_login_is_for_the_connection(servers: Pair) -> None:
    stage = Stage(servers)
    stage.play("""
        a: ACL SETUSER u on >p ~* +@all -@dangerous &*
        b: AUTH u p
        b: ACL WHOAMI
        a: ACL WHOAMI
        7.0|b: ACL WHOAMI extra
        b: RESET
        b: ACL WHOAMI
        b: AUTH u p
        a: ACL SETUSER u off
        b: SET k 1
        c: AUTH u p
        a: ACL SETUSER u on -set
        b: SET k 1
        b: GET k
        b: AUTH default x
        b: SET k 1
        a: CLIENT KILL USER nosuch
        a: CLIENT KILL USER u
        b: AUTH u p
        a: CLIENT KILL USER u
    """)
    assert_closed(stage["b"])


def test_requirepass_and_the_default_user(servers: Pair) -> None:
    stage = Stage(servers)
    stage.play("""
        a: CONFIG SET requirepass foo
        a: GET k
        b: AUTH nope
        a: ACL LIST
        a: ACL SETUSER default >bar
        a: CONFIG GET requirepass
        b: AUTH bar
        b: AUTH default foo
        b: RESET
        b: GET k
        b: HELLO 2
        b: NOSUCH
        a: ACL SETUSER default off
        b: AUTH foo
        a: ACL SETUSER default on nopass
        b: GET k
        b: AUTH foo
        b: AUTH default anything
        a: ACL SETUSER default resetpass
        b: GET k
        a: CONFIG SET requirepass ''
        a: ACL LIST
        b: GET k
    """)


def test_a_client_that_knows_no_password(servers: Pair) -> None:
    stage = Stage(servers)
    stage.play("""
        a: CONFIG SET requirepass x
        b: PING
        b: ACL WHOAMI
        b: HELLO
        b: MULTI
        b: QUIT extra
    """)
    assert_closed(stage["b"])


def test_rules_that_change_before_exec(servers: Pair) -> None:
    stage = Stage(servers)
    stage.play("""
        a: ACL SETUSER u on nopass ~* +@all &*
        b: AUTH u x
        b: MULTI
        b: SET k 1
        b: GET k
        b: PUBLISH c m
        b: ACL CAT nosuch
        a: ACL SETUSER u -get resetkeys ~x resetchannels -acl
        b: EXEC
        b: MULTI
        a: ACL SETUSER u -exec
        b: EXEC
        b: MULTI
        a: ACL SETUSER u -@all
        b: GET k
        b: DISCARD
        b: QUIT
    """)


def test_listeners_end_that_may_not_listen(servers: Pair) -> None:
    stage = Stage(servers)
    stage.play("""
        a: ACL SETUSER u on nopass ~* +@all resetchannels &a &b* &p*
        b: AUTH u x
        b: SUBSCRIBE a b1
        b<
        c: AUTH u x
        c: PSUBSCRIBE p*
        d: AUTH u x
        d: SUBSCRIBE a
        a: ACL SETUSER u &c
        a: PUBLISH a 1
        b<
        d<
        a: ACL SETUSER u resetchannels &a &p*
        a: PUBLISH a 2
        d<
        a: PUBLISH p1 2
        c<
    """)
    assert_closed(stage["b"])
    stage.play("a: ACL SETUSER u resetchannels &a &p?")
    assert_closed(stage["c"])
    stage.play("""
        a: ACL SETUSER u allchannels
        a: PUBLISH a 3
        d<
    """)


def test_clients_of_a_user_that_goes(servers: Pair) -> None:
    stage = Stage(servers)
    stage.play("""
        a: ACL SETUSER u on nopass ~* +@all &*
        b: AUTH u x
        c: AUTH u x
        c> BLPOP nothing 0
        d: AUTH u x
        d: SUBSCRIBE x
        e: AUTH u x
        a: ACL DELUSER u nosuch u
        a: ACL USERS
    """)
    for name in "bcde":
        assert_closed(stage[name])
    stage.play("""
        a: ACL SETUSER u on nopass ~* +@all &*
        f: AUTH u x
        f: ACL DELUSER u
    """)
    assert_closed(stage["f"])


def test_who_waits_while_its_rules_change(servers: Pair) -> None:
    """Until 7.0 a client gets what it waits for; since 7.2 its call is looked at again."""
    stage = Stage(servers)
    stage.play("""
        a: ACL SETUSER u on nopass ~* +@all &*
        b: AUTH u x
        b> BLPOP l 0
        a: ACL SETUSER u resetkeys
        a: RPUSH l 1
    """)
    real, ours = stage["b"].real.reply(), stage["b"].ours.reply()
    assert plain(real) == [b"l", b"1"]
    if servers.release == "6.2":
        assert ours == real
        stage.play("a: EXISTS l")
    else:
        assert ours[1].startswith(b"NOPERM this user has no permissions to access one of the keys")
        assert stage["a"].ours(["LRANGE", "l", "0", "-1"]) == ("*", [("$", b"1")])
    stage.play("b: GET k")


def test_a_transaction_says_which_call_is_refused(servers: Pair) -> None:
    stage = Stage(servers)
    stage.play("""
        a: ACL SETUSER u on nopass ~k* +@all resetchannels
        b: AUTH u x
        b: MULTI
        b: SET k 1
        b: SET x 1
        b: EXEC
        b: MULTI
        b: AUTH u2 x
        b: EXEC
        b: EVAL return(redis.call('mget','k1','x1')) 0
        b: EVAL return(redis.pcall('nosuch')) 0
        b: WATCH x
        b: SUBSCRIBE c
        b: UNSUBSCRIBE c
    """)
