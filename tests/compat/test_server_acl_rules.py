"""Rules, users and categories of commands: the same on real servers and on ours."""

from __future__ import annotations

import re
from random import Random

import pytest

from aofserver.acl.catalogue import CATEGORIES, Catalogue
from aofserver.acl.describe import user_rules
from aofserver.acl.rules import RuleError, Rules
from aofserver.commands import SERVER_TABLE
from tests.compat.accesslists import assert_same
from tests.compat.differential import STYLES
from tests.compat.face import Pair
from tests.compat.wire import Wire, plain

pytestmark = pytest.mark.usefixtures("no_users_left")

RULES = """
    acl list
    acl getuser default
    acl setuser a
    acl getuser a
    acl list
    acl setuser b on nopass ~* +@all &*
    acl getuser b
    acl setuser b %R~x*
    acl setuser b ~y
    acl setuser b resetkeys ~y
    7.0: acl setuser b %R~x* %W~z %RW~q %WR~r %Q~x
    7.0: acl setuser b %R~x* %W~z %RW~q %WR~r %~e
    7.0: acl setuser b %R~x* %W~z %RW~q %WR~r
    7.0: acl setuser b %R~x* %W~x*
    7.0: acl setuser b %
    7.0: acl setuser b %R
    acl getuser b
    acl setuser b +select|0
    acl setuser b -@all +select|0 +select|1
    acl getuser b
    acl setuser b +select|
    acl setuser b +|x
    acl setuser b +config|get
    acl getuser b
    acl setuser b -config|get
    acl setuser b +config|nosuch
    acl setuser b +config -config|set
    acl getuser b
    acl setuser b +config|get|maxmemory
    acl setuser b +nosuch|get
    acl setuser b +get|x|y
    acl setuser b -select|0
    acl setuser b +@nosuch
    acl setuser b -@read +@write +get
    acl getuser b
    acl setuser b foo
    acl setuser b +@all -@dangerous -get +config|get
    acl getuser b
    acl setuser b >pw >pw2 #abc
    acl setuser b #e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    acl setuser b <nono
    acl setuser b !e3b0
    acl setuser b !e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b856
    acl getuser b
    acl setuser b &foo
    acl setuser b allchannels &foo
    acl setuser b resetchannels &foo &bar*
    acl setuser b clearselectors
    acl setuser b (~x +get) (+set
    acl setuser b (~x +get) (+set )
    acl setuser b (%R~x +get allchannels) (+@all ~* -get)
    acl getuser b
    acl list
    acl setuser b (on)
    acl setuser b ((+get))
    acl setuser b ()
    acl setuser b (+get))
    acl setuser b skip-sanitize-payload
    acl getuser b
    acl setuser b sanitize-payload
    acl getuser b
    acl setuser b allcommands nocommands
    acl setuser b reset
    acl getuser b
    acl setuser
    acl getuser nosuch
    acl users
    acl deluser default
    acl deluser a b c
    acl whoami
    acl setuser x%y
    acl setuser a
    acl genpass 0
    acl genpass 5000
    acl genpass x
    acl save
    acl dryrun default get x
    acl dryrun nouser get x
    acl dryrun default nosuch
    acl dryrun default get
    acl nosuch
    acl
    config get requirepass
    config set requirepass foo
    acl list
    acl setuser default >bar
    config get requirepass
    acl setuser default <foo
    config get requirepass
    acl setuser default nopass
    config get requirepass
    acl list
    config set requirepass ''
    acl list
"""
SINGLE_RULES = """
    acl setuser c reset on nopass +@all &* ~y
    7.0: acl setuser c %R~x* %Q~x
    7.0: acl setuser c %R~x* %W~z ~e
    7.0: acl setuser c %
    7.0: acl setuser c %R
    7.0: acl setuser c %~x
    7.0: acl setuser c %RR~x
    7.0: acl setuser c %rw~lower
    7.0: acl setuser c allkeys %R~x
    acl setuser c +get|x
    acl setuser c -get +get|x +GET|Y
    7.0: acl setuser c +get|x|y
    acl getuser c
    acl setuser c ~
    acl setuser c &
    acl setuser c resetchannels &
    acl setuser c +
    acl setuser c -
    acl setuser c >
    acl setuser c <
    acl setuser c +@
    acl setuser c +@ALL
    acl setuser c +GET -GeT
    acl setuser c ON NOPASS RESETKEYS
    acl setuser c ''
    acl setuser c (allkeys)(+get)
    7.0: acl setuser c (
    7.0: acl setuser c )
    7.0: acl setuser c ( ) x)
    7.0: acl setuser c ( +get ) ~x
    7.0: acl setuser c (reset)
    7.0: acl setuser c (>x)
    7.0: acl setuser c (nopass)
    acl getuser c
    acl setuser e reset on nopass ~* +@all
    acl setuser e +@all -get
    acl getuser e
    acl setuser e +get
    acl getuser e
    acl setuser e -@all +set|x
    acl getuser e
    acl setuser e +set
    acl getuser e
    acl setuser e +set|y
    acl getuser e
    acl setuser e -@all +@list -lpush +config|get -@slow
    acl getuser e
    acl setuser e resetchannels
    acl setuser e ~a ~a &b &b
    acl setuser e resetkeys ~a ~a &b &b
    acl getuser e
    acl setuser e allchannels
    acl setuser e allchannels
    acl getuser e
    acl setuser f on >a >b >a
    acl getuser f
    acl setuser f <a nopass
    acl getuser f
    acl setuser f resetpass
    acl getuser f
    7.0: acl setuser f +config|set -config
    7.0: acl getuser f
    7.0: acl setuser f +@all -config +config|get
    7.0: acl getuser f
    7.0: acl setuser f -@all +@admin -config|set
    7.0: acl getuser f
    7.0: acl setuser f +acl|whoami -acl
    7.0: acl getuser f
"""


@pytest.mark.parametrize("lines", [RULES, SINGLE_RULES], ids=["rules", "single"])
def test_rules(servers: Pair, lines: str) -> None:
    assert_same(servers.again(), lines)


def test_what_is_told_in_both_protocols(pair: Pair) -> None:
    assert_same(pair, """
        acl setuser t on >p ~a &b +get
        7.0: acl setuser t %R~x (+set ~y) ()
        acl getuser t
        acl getuser default
        acl list
        acl whoami
        acl users
        acl getuser nosuch
        acl log reset
        auth t q
        acl deluser t
        7.0: acl dryrun default get x
        7.0: acl dryrun nosuch get x
    """)  # fmt: skip
    entries = [wire(["acl", "log"])[1][0] for wire in (pair.real, pair.ours)]
    marks = [[part[0] for part in entry[1]] for entry in entries]
    assert marks[1][: len(marks[0])] == marks[0]
    assert entries[1][0] == entries[0][0]


#: Commands that are sorted in elsewhere here: a release, and names.
OTHER_CATEGORIES = {
    # CLUSTER has no sub-commands here, and DEBUG has some.
    "7.0": re.compile(rb"cluster(\|.*)?|module\|loadex|wait|debug"),
    "6.2": re.compile(rb"host:|post"),
}


def test_categories(servers: Pair) -> None:
    pair = servers.again()
    assert_same(pair, "acl cat\nacl cat nosuch\nacl cat a b\nacl log 1 2\nacl genpass 1 2")
    other = OTHER_CATEGORIES[servers.release]
    found = [
        [set(plain(wire(["acl", "cat", name]))) for name in CATEGORIES]
        for wire in (pair.real, pair.ours)
    ]
    known = set().union(*found[0])
    for name, real, ours in zip(CATEGORIES, *found, strict=True):
        differ = {word for word in (ours & known) ^ real if not other.fullmatch(word)}
        assert differ == set(), name


def test_an_option_says_which_channels_new_users_have(servers: Pair) -> None:
    assert_same(servers.again(), """
        config get acl-pubsub-default
        config set acl-pubsub-default allchannels
        acl setuser v
        acl getuser v
        config set acl-pubsub-default resetchannels
        acl setuser w
        acl getuser w
        acl setuser v reset
        acl getuser v
        acl setuser v (+get)
    """)  # fmt: skip


def test_all_declared_commands_can_be_named(servers: Pair) -> None:
    pair = servers.again()
    for name in SERVER_TABLE.rows:
        assert pair.ours(["acl", "setuser", "n", b"+" + name.lower()]) == ("+", b"OK")


def catalogue_of(wire: Wire, release: str) -> Catalogue:
    """The commands of a real server as rules can name them there."""
    found = Catalogue(SERVER_TABLE, STYLES[release])
    found.categories = {name: frozenset(plain(wire(["acl", "cat", name]))) for name in CATEGORIES}
    found.names = frozenset().union(*found.categories.values())
    parts = [(name.partition(b"|")[0], name) for name in found.names if b"|" in name]
    found.containers = {
        first: tuple(name for other, name in parts if other == first) for first, _ in parts
    }
    return found


def random_rule(rng: Random, names: list[bytes]) -> bytes:
    sign = rng.choice((b"+", b"-"))
    return rng.choice((
        sign + b"@" + rng.choice((*CATEGORIES, b"all")),
        sign + rng.choice(names),
        sign + rng.choice(names),
        b"+" + rng.choice((b"select|0", b"get|x", b"config|get", b"set|y|z", b"x|y", b"acl|load")),
        rng.choice((b"~a", b"%R~a", b"%W~b", b"allkeys", b"resetkeys", b"&x", b"allchannels",
                    b"resetchannels", b">p", b"<p", b"nopass", b"clearselectors", b"reset")),
    ))  # fmt: skip


def words_of(line: bytes) -> list[list[bytes]]:
    """The words of a line by selector, without their order."""
    return [sorted(part.rstrip(b") ").split()) for part in line.split(b"(")]


def test_random_rules_are_told_as_a_real_server_tells_them(servers: Pair) -> None:
    real, rng = servers.again().real, Random(11)
    rules = Rules(catalogue_of(real, servers.release), servers.release == "6.2")
    names = sorted(rules.catalogue.names)
    for _ in range(400):
        words = [b"reset", *(random_rule(rng, names) for _ in range(rng.randrange(1, 7)))]
        if rules.catalogue.modern and rng.random() < 0.3:
            inner = (random_rule(rng, names) for _ in range(3))
            words.append(b"(" + b" ".join(inner) + b")")
        real(["acl", "deluser", "z"])
        reply = real(["acl", "setuser", "z", *words])
        user = rules.new_user(b"z")
        try:
            for word in words:
                rules.apply(user, word)
        except RuleError as error:
            assert reply[0] == "-", words
            assert reply[1].endswith(str(error).encode()), words
            continue
        assert reply == ("+", b"OK"), words
        [told] = [line for line in plain(real(["acl", "list"])) if line.startswith(b"user z ")]
        ours = b"user z " + user_rules(user, rules)
        assert words_of(ours) == words_of(told), words
