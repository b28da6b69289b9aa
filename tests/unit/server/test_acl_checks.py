"""What a user may do, by rules and calls."""

from __future__ import annotations

import pytest

from aofserver.acl.checks import Denial, Reason, denial, may_listen, may_read_all
from aofserver.acl.texts import (
    dry_refusal,
    no_permission,
    no_permission_in_exec,
    no_permission_in_script,
)
from aofserver.commands import SERVER_TABLE
from aoftool.keyspace.context import Style
from tests.unit.server.test_acl_rules import NEW, OLD, made

COMMAND = Denial(Reason.COMMAND)

#: Rules, a call, and what is said against it.
CALLS = (
    ("-@all", "get a", COMMAND),
    ("-@all", "auth a", None),
    ("-@all", "hello", None),
    ("+@all", "get a", Denial(Reason.KEY, 1)),
    ("+@all ~b", "mget b a b", Denial(Reason.KEY, 2)),
    ("+@all ~a* ~b", "mget b abc", None),
    ("+@all ~[a-c]?", "mget ax d1", Denial(Reason.KEY, 2)),
    ("+@all %R~a", "get a", None),
    ("+@all %R~a", "set a 1", Denial(Reason.KEY, 1)),
    ("+@all %W~a", "set a 1", None),
    ("+@all %W~a", "set a 1 get", Denial(Reason.KEY, 1)),
    ("+@all %W~a", "get a", Denial(Reason.KEY, 1)),
    ("+@all %W~a", "exists a", None),
    ("+@all %W~a", "incr a", Denial(Reason.KEY, 1)),
    ("+@all %R~a %W~b", "copy a b", None),
    ("+@all %R~a %W~b", "copy b a", Denial(Reason.KEY, 1)),
    ("+@all %R~a %W~b", "sort a store b", None),
    ("+@all %R~a", "bitfield a get u8 0", None),
    ("+@all %R~a", "bitfield a incrby u8 0 1", Denial(Reason.KEY, 1)),
    ("+@all %R~a", "xread streams a b 0 0", Denial(Reason.KEY, 3)),
    ("+@all ~a", "eval x 2 a b", Denial(Reason.KEY, 4)),
    ("+@all ~a", "eval x y b", None),  # that is for EVAL itself to refuse
    ("+@all", "ping", None),
    ("+config|get", "config get x", None),
    ("+config|get", "config set x y", COMMAND),
    ("+config -config|set", "config set x y", COMMAND),
    ("+select|0", "select 0", None),
    ("+select|0", "select 1", COMMAND),
    ("+select|0", "select", COMMAND),
    ("+@all &a", "publish a x", None),
    ("+@all &a*", "publish b x", Denial(Reason.CHANNEL, 1)),
    ("+@all &a*", "subscribe ab b", Denial(Reason.CHANNEL, 2)),
    ("+@all &a*", "psubscribe a*", None),
    ("+@all &a*", "psubscribe ab", Denial(Reason.CHANNEL, 1)),
    ("+@all &a*", "spublish ab x", None),
    ("+@all", "ssubscribe a", Denial(Reason.CHANNEL, 1)),
    ("+@all", "unsubscribe a", None),
    ("(+get ~a) (+set ~b)", "get a", None),
    ("(+get ~a) (+set ~b)", "set b 1", None),
    ("(+get ~a) (+set ~b)", "set a 1", Denial(Reason.KEY, 1)),
    ("(+get ~a) (+set ~b)", "del a", COMMAND),
    ("+mget ~a (+mget ~b)", "mget a b", Denial(Reason.KEY, 2)),
)  # fmt: skip


@pytest.mark.parametrize(("rules", "call", "why"), CALLS)
def test_calls(rules: str, call: str, why: Denial | None) -> None:
    argv = call.encode().split()
    command = SERVER_TABLE.rows[b"SELECT"] if call == "select" else SERVER_TABLE.find(argv)
    assert denial(made(rules), command, argv, NEW.catalogue) == why


def test_redis_6_counts_a_call_by_its_container() -> None:
    argv = [b"config", b"get", b"x"]
    command = SERVER_TABLE.find(argv)
    assert denial(made("+config", OLD), command, argv, OLD.catalogue) is None
    assert denial(made("+config|get", OLD), command, argv, OLD.catalogue) is None
    assert denial(made("+config|set", OLD), command, argv, OLD.catalogue) == COMMAND


def test_who_may_read_all() -> None:
    argv = [b"sort", b"k"]
    sort = SERVER_TABLE.find(argv)

    def free(rules: str) -> bool:
        return may_read_all(made(rules), sort, argv, NEW.catalogue)

    assert free("+@all ~*")
    assert free("+@all %R~*")
    assert not free("+@all %W~* ~k")
    assert not free("+@all ~k*")
    assert not free("~*")
    assert free("+get ~x (+sort %R~*)")


def test_who_may_go_on_listening() -> None:
    held = {b"": {b"a": None, b"b1": None}, b"p": {b"c*": None}}
    old = made("&a &b* &c*")
    assert may_listen(made("&a &b* &c* &d"), old, held)
    assert may_listen(made("&*"), old, held)
    assert may_listen(made("&a (&b*) (&c*)"), old, held)
    assert may_listen(made("&a &b? &c*"), old, held)
    assert not may_listen(made("&a &b*"), old, held)
    assert not may_listen(made("&a &b* &c?"), old, held)
    assert not may_listen(made("&a &c*"), made("&*"), held)


def test_texts() -> None:
    assert no_permission(Reason.COMMAND, b"config|get", Style.REDIS_7) == (
        b"NOPERM this user has no permissions to run the 'config|get' command"
    )
    assert no_permission(Reason.COMMAND, b"config", Style.REDIS_6).endswith(b"or its subcommand")
    assert b"one of the keys" in no_permission(Reason.KEY, b"get", Style.REDIS_7)
    assert no_permission_in_exec(Reason.KEY).endswith(b"to touch the specified keys")
    assert no_permission_in_script(Reason.CHANNEL).startswith(
        b"The user executing the script can't"
    )
    assert dry_refusal(Reason.KEY, b"get", b"k").endswith(b"to access the 'k' key")
    assert dry_refusal(Reason.CHANNEL, b"publish", b"c").endswith(b"to access the 'c' channel")
    assert Reason.KEY.word == b"key"
