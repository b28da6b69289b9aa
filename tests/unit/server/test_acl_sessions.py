"""Which clients have to be looked at closely, because of who they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aofserver.acl.accounts import Accounts
from aofserver.acl.control import AccessControl
from aofserver.acl.log import AclLog
from aofserver.clients.session import Session, Transaction
from aofserver.commands import SERVER_TABLE
from aofserver.config import Config
from aofserver.measures.stats import Stats
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.keyspace import Keyspace
from tests.fakes.machine import Machine
from tests.unit.server.test_acl_rules import NEW


class World:
    """Access control of clients that have no connection."""

    def __init__(self, **words: str) -> None:
        self.sessions: dict[int, Session] = {}
        self.closed: list[int] = []
        self.stats = Stats()
        self.caller: Session
        self.now_ms = 0
        self.access = AccessControl(
            Accounts(Config(words), NEW.catalogue),
            AclLog(10),
            self.stats,
            self.sessions,
            caller=lambda: self.caller,
            close=lambda session: self.closed.append(session.id),
            describe=lambda session: b"id=%d" % session.id,
            now_ms=lambda: self.now_ms,
        )

    def client(self, user: str = "") -> Session:
        """A new client, logged in as somebody."""
        turn: Any = None
        session = Session(len(self.sessions) + 1, None, Keyspace().databases[0], turn)
        self.sessions[session.id] = self.caller = session
        self.access.admit(session)
        if user:
            self.access.log_in(session, user.encode(), b"", b"AUTH")
        return session

    def set(self, name: str, rules: str) -> None:
        self.access.set_user(name.encode(), rules.encode().split())

    def call(self, session: Session, text: str) -> None:
        argv = text.encode().split()
        self.access.check(session, SERVER_TABLE.find(argv), argv)


def test_only_those_are_special_who_may_not_do_everything() -> None:
    world = World()
    world.set("free", "on nopass +@all ~* &*")
    world.set("bound", "on nopass +@all ~*")
    usual, free, bound = world.client(), world.client("free"), world.client("bound")
    assert [each.special for each in (usual, free, bound)] == [False, False, True]
    assert bound.only_ruled
    bound.transaction = Transaction()
    bound.update_special()
    assert (bound.special, bound.only_ruled) == (True, False)
    bound.transaction = None
    world.set("bound", "&*")
    world.set("free", "-get")
    assert [each.special for each in (usual, free, bound)] == [False, True, False]
    assert [each.only_ruled for each in (usual, free, bound)] == [False, True, False]


def test_who_needs_no_password_is_in() -> None:
    world = World(requirepass="p")
    early = world.client()
    assert (early.authenticated, early.special, early.only_ruled) == (False, True, False)
    world.access.set_password(b"")
    assert (early.authenticated, early.special) == (True, False)
    world.access.set_password(b"q")
    assert not early.authenticated  # it has never said one
    world.access.log_in(early, b"default", b"q", b"AUTH")
    world.access.set_password(b"r")
    assert early.authenticated


def test_refusals_are_counted_by_what_was_refused() -> None:
    world = World()
    world.set("u", "on nopass +@all -get ~a &b")
    session = world.client("u")
    for call in ("get a", "set b 1", "publish c x", "set a 1"):
        if call == "set a 1":
            world.call(session, call)
            continue
        with pytest.raises(CommandError, match="NOPERM"):
            world.call(session, call)
    with pytest.raises(CommandError, match="WRONGPASS"):
        world.access.log_in(session, b"nobody", b"", b"AUTH")
    assert world.stats.denied == {b"command": 1, b"key": 1, b"channel": 1, b"auth": 1}
    told = [(each.refusal.object, each.refusal.user) for each in world.access.log]
    assert told == [(b"AUTH", b"nobody"), (b"c", b"u"), (b"b", b"u"), (b"get", b"u")]
    world.stats.reset()
    assert world.stats.denied == {}


def test_clients_of_a_user_that_goes_end() -> None:
    world = World()
    world.set("u", "on nopass +@all")
    others = [world.client("u"), world.client("u")]
    caller = world.client("u")
    assert world.access.delete([b"u", b"u", b"nosuch"]) == 1
    assert world.closed == [1, 2]
    assert caller.closing
    assert all(each.user is world.access.accounts.default for each in (*others, caller))
    with pytest.raises(CommandError, match="'default' user cannot be removed"):
        world.access.delete([b"default"])


def test_a_change_that_is_refused_changes_nothing() -> None:
    world = World()
    world.set("u", "on nopass ~a")
    for rules in ("~b +nosuch", "off (+get"):
        with pytest.raises(CommandError):
            world.set("u", rules)
    with pytest.raises(CommandError, match="can't contain spaces"):
        world.access.set_user(b"a b", [])
    user = world.access.accounts.users[b"u"]
    assert (user.enabled, list(user.root.keys)) == (True, [b"a"])
    assert b"a b" not in world.access.accounts.users


LINES = (
    "SET k 1", "SET k 2 EX 100", "INCRBYFLOAT f 1.5", "GET k", "GETEX k PERSIST", "LPUSH l a b",
    "LPOP l", "SPOP none", "SET k", "LPUSH k a", "NOSUCH", "EVAL return(redis.call('set','e',1)) 0",
    "MULTI", "INCR n", "GET n", "EXEC", "SELECT 1", "SET k 1", "SELECT 0", "DEL k l f e",
)  # fmt: skip


@pytest.mark.parametrize("style", ["6.0", "7.4"])
def test_those_who_may_do_it_do_the_same(tmp_path: Path, style: str) -> None:
    """The short way of those who are only checked has the same replies, AOF and counters."""
    seen = []
    for name in ("free", "bound"):
        (tmp_path / name).mkdir()
        machine = Machine(tmp_path / name, compat_version=style, appendfsync="no").boot()
        machine.access.set_user(b"bound", b"on nopass +@all -keys ~* &*".split())
        if name == "bound":
            machine.run("AUTH", "bound", "x")
            assert machine.client().only_ruled
        replies = [machine.run(*line.split(" ")) for line in LINES * 2]
        counters = {
            command: (row.calls, row.rejected, row.failed)
            for command, row in machine.stats.commands.items()
            if command != b"AUTH"
        }
        seen.append((replies, machine.aof, counters, dict(machine.stats.errors)))
        assert machine.client().last_command == b"DEL"
        if name == "bound":
            for _ in range(2):
                assert machine.run("KEYS", "*").startswith(b"-NOPERM")
            assert machine.stats.of(b"KEYS").rejected == 2
            assert machine.stats.errors[b"NOPERM"] == 2
            # What the hot loop knows is not run for those who may not run it.
            machine.run("KEYS", "*", client=2)
            assert b"KEYS" in machine.dispatcher.known
            assert machine.run("KEYS", "*").startswith(b"-NOPERM")
            machine.run("ACL", "SETUSER", "bound", "+keys", "+@all", client=2)
            assert machine.run("KEYS", "*").startswith(b"*")
            assert not machine.client().special
        machine.close()
    assert seen[0] == seen[1]
