"""Rules to users, and users to rules."""

from __future__ import annotations

import pytest

from aofserver.acl.catalogue import CATEGORIES, Catalogue
from aofserver.acl.describe import command_rules, user_flags, user_rules
from aofserver.acl.rules import RuleError, Rules, UnmatchedError
from aofserver.acl.users import BOTH, User, everything, hashed
from aofserver.commands import SERVER_TABLE
from aoftool.keyspace.context import Style

NEW = Rules(Catalogue(SERVER_TABLE, Style.REDIS_7), all_channels=False)
OLD = Rules(Catalogue(SERVER_TABLE, Style.REDIS_6), all_channels=True)


def made(text: str, rules: Rules = NEW) -> User:
    """A user by rules that blanks part."""
    user = rules.new_user(b"u")
    for rule in rules.merged(text.encode().split()):
        rules.apply(user, rule)
    return user


SAME_AGAIN = (
    "off resetchannels -@all",
    "on nopass ~* &* +@all",
    "on ~a %R~b* %W~c &x &y* -@all +get",
    "off resetchannels +@all -get",
    "off resetchannels -@all +config -config|set",
    "off resetchannels +@all -config +config|get",
    "off resetchannels -@all +select|0 +select|1",
    "off resetchannels -@all +@read -get",
    "on skip-sanitize-payload resetchannels -@all",
    "off resetchannels -@all (~x resetchannels -@all +get) (~* &* +@all)",
    f"on #{'0' * 64} #{'f' * 64} resetchannels -@all",
)


@pytest.mark.parametrize("text", SAME_AGAIN)
def test_rules_that_are_told_as_they_came(text: str) -> None:
    # &x and &y are told behind the word that begins a list of channels.
    told = user_rules(made(text), NEW).decode()
    assert sorted(told.replace("resetchannels ", "").split()) == sorted(
        text.replace("resetchannels ", "").split()
    )
    assert user_rules(made(told), NEW).decode() == told


OTHERWISE = {
    "on off on": "on resetchannels -@all",
    "ON >a <a nopass": "on nopass resetchannels -@all",
    "~a %W~a %R~b %W~b": "off ~a ~b resetchannels -@all",
    "%RW~a %r~c": "off ~a %R~c resetchannels -@all",
    "~a allkeys": "off ~* resetchannels -@all",
    "&a allchannels": "off &* -@all",
    "+@all -@all": "off resetchannels -@all",
    "allcommands nocommands +GET": "off resetchannels -@all +get",
    "+@all reset": "off sanitize-payload resetchannels -@all",
    "+get|x +GET|X +get": "off resetchannels -@all +get",
    "-get +get|x": "off resetchannels -@all +get|x",
    "(+get) ( +set ~x ) clearselectors": "off resetchannels -@all",
    "+@set +@sortedset +@list": "off resetchannels -@all +@sortedset +@set +@list",
}


@pytest.mark.parametrize("text", OTHERWISE)
def test_rules_that_are_told_otherwise(text: str) -> None:
    told = user_rules(made(text), NEW).decode()
    assert set(told.split()) == set(OTHERWISE[text].split())


REFUSED = {
    "foo": "Syntax error",
    "%~a": "Syntax error",
    "%RR~a": "Syntax error",
    "%X~a": "Syntax error",
    "+select|": "Syntax error",
    "(on)": "Syntax error",
    "x)": "Syntax error",
    "(allkeys)(+get)": "Syntax error",
    "+nosuch": "Unknown command or category name in ACL",
    "-select|0": "Unknown command or category name in ACL",
    "+config|nosuch": "Unknown command or category name in ACL",
    "+@nosuch": "Unknown command or category name in ACL",
    "(+nosuch)": "Unknown command or category name in ACL",
    "+config|get|x": "Allowing first-arg of a subcommand is not supported",
    "<a": "The password you are trying to remove from the user does not exist",
    "#abc": "The password hash must be exactly 64 characters",
    "allkeys ~a": "Try 'resetkeys'",
    "&* &a": "Try 'resetchannels'",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_rule(text: str) -> None:
    with pytest.raises(RuleError) as caught:
        made(text)
    assert REFUSED[text] in str(caught.value)


def test_a_selector_that_has_no_end() -> None:
    with pytest.raises(UnmatchedError) as caught:
        made("(+get) (+set ~x")
    assert caught.value.word == b"(+set"


@pytest.mark.parametrize("text", ["%R~x", "(+get)", "clearselectors", "-config|get"])
def test_what_redis_6_does_not_know(text: str) -> None:
    made(text)
    with pytest.raises(RuleError):
        made(text, OLD)


def test_redis_6_takes_any_word_for_a_sub_command() -> None:
    user = made("+config|get|x +config|nosuch", OLD)
    assert command_rules(user.root, OLD) == b"-@all +config|get|x +config|nosuch"
    assert user_flags(made("+@all ~*", OLD), False) == [
        b"off", b"allkeys", b"allchannels", b"allcommands",
    ]  # fmt: skip


def test_what_is_taken_away_is_told() -> None:
    user = made("+@all -get +get ~* &*")
    assert command_rules(user.root, NEW) == b"+@all"
    assert not user.is_free  # as in Redis, each of its calls is looked at
    assert made("+@all ~* &*").is_free
    assert made("(+@all ~* &*)").is_free
    assert not made("+@all ~*").is_free
    assert everything(b"x", NEW.catalogue.names).is_free


def test_passwords() -> None:
    user = made("on >a >b >a")
    assert user.passwords == [hashed(b"a"), hashed(b"b")]
    assert hashed(b"a") == b"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
    assert [user.accepts(word) for word in (b"a", b"b", b"", b"c")] == [True, True, False, False]
    assert not made(">a").accepts(b"a")
    assert made("on nopass").accepts(b"anything")
    assert not made("on nopass resetpass").accepts(b"")


def test_a_copy_is_another_user() -> None:
    user = made("on >a ~x &y +get|z (+get)")
    copy = user.copy()
    for rule in (b">b", b"~z", b"&z", b"+get|w", b"+set", b"(+set)"):
        NEW.apply(copy, rule)
    assert user_rules(user, NEW) == user_rules(made("on >a ~x &y +get|z (+get)"), NEW)
    user.become(copy)
    assert user_rules(user, NEW) == user_rules(copy, NEW)
    assert user.root.keys == {b"x": BOTH, b"z": BOTH}


def test_every_command_is_in_a_category() -> None:
    for rules in (NEW, OLD):
        known = rules.catalogue.categories
        assert tuple(known) == CATEGORIES
        assert all(known.values())
        assert frozenset().union(*known.values()) == rules.catalogue.names
        assert known[b"fast"] | known[b"slow"] == rules.catalogue.names
