"""A user is the same again by the rules that are told of it."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from aofserver.acl.catalogue import CATEGORIES, Catalogue
from aofserver.acl.describe import user_rules
from aofserver.acl.rules import RuleError, Rules
from aofserver.acl.users import User
from aofserver.commands import SERVER_TABLE
from aoftool.keyspace.context import Style

RULES = {style: Rules(Catalogue(SERVER_TABLE, style), style is Style.REDIS_6) for style in Style}
NAMES = sorted(RULES[Style.REDIS_7].catalogue.names)
PATTERN = st.binary(max_size=4).filter(lambda text: not set(text) & set(b" \t\n\v\f\r\0()\"'\\"))


def joined(*parts: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return st.tuples(*parts).map(b"".join)


SIGN = st.sampled_from((b"+", b"-"))
OF_SELECTORS = st.one_of(
    joined(SIGN, st.sampled_from(NAMES)),
    joined(SIGN, st.just(b"@"), st.sampled_from((*CATEGORIES, b"all"))),
    joined(st.just(b"+"), st.sampled_from((b"get", b"select", b"config")), st.just(b"|"), PATTERN),
    joined(st.sampled_from((b"~", b"%R~", b"%W~", b"%wr~", b"&")), PATTERN),
    st.sampled_from((b"allkeys", b"resetkeys", b"allchannels", b"resetchannels", b"nocommands")),
)
OF_USERS = st.one_of(
    OF_SELECTORS,
    joined(st.sampled_from((b">", b"<")), PATTERN),
    st.sampled_from((b"on", b"off", b"nopass", b"resetpass", b"sanitize-payload", b"reset",
                     b"skip-sanitize-payload", b"clearselectors")),
    st.lists(OF_SELECTORS, max_size=4).map(lambda rules: b"(" + b" ".join(rules) + b")"),
)  # fmt: skip


def may(user: User) -> list[object]:
    """All that a user may do, without how it came to it."""
    found: list[object] = [user.enabled, user.nopass, user.passwords, user.sanitize]
    for selector in user:
        held = {each.name: getattr(selector, each.name) for each in fields(selector)}
        # +@all -get +get may do the same as +@all.
        del held["every_command"]
        # What a command that is allowed anyway was once allowed with says nothing.
        held["first_words"] = {
            name: words
            for name, words in selector.first_words.items()
            if name not in selector.commands
        }
        found.append(held)
    return found


@given(st.sampled_from(list(Style)), st.lists(OF_USERS, max_size=12))
def test_round_trip(style: Style, words: list[bytes]) -> None:
    rules = RULES[style]
    user = rules.new_user(b"u")
    for rule in words:
        changed = user.copy()
        try:
            rules.apply(changed, rule)
        except RuleError:
            continue
        user = changed
    told = user_rules(user, rules)
    again = rules.new_user(b"u")
    for rule in rules.merged(told.split(b" ")):
        rules.apply(again, rule)
    assert may(again) == may(user)
    assert user_rules(again, rules) == told
