"""A user as rules that make the same user again (``ACLDescribeUser`` in acl.c)."""

from __future__ import annotations

from aofserver.acl.catalogue import CATEGORIES
from aofserver.acl.rules import Rules
from aofserver.acl.users import BOTH, READ, WRITE, Selector, User

_MARKS = {BOTH: b"~", READ: b"%R~", WRITE: b"%W~"}


def user_rules(user: User, rules: Rules) -> bytes:
    """The rules of a user, as ACL LIST and files have them behind its name."""
    words = [b"on" if user.enabled else b"off"]
    words += [b"nopass"] if user.nopass else []
    words += [user.sanitize] if user.sanitize else []
    words += [b"#" + digest for digest in user.passwords]
    words.append(_selector_rules(user.root, rules))
    words += [b"(" + _selector_rules(selector, rules) + b")" for selector in user.selectors]
    return b" ".join(words)


def _selector_rules(selector: Selector, rules: Rules) -> bytes:
    channels = channel_rules(selector)
    words = [
        *key_rules(selector),
        *([] if selector.every_channel else [b"resetchannels"]),
        *channels,
        command_rules(selector, rules),
    ]
    return b" ".join(words)


def user_flags(user: User, modern: bool) -> list[bytes]:
    """The flags of a user in GETUSER; before 7.0 those of its only selector are among them."""
    root = user.root
    held = {
        b"on": user.enabled,
        b"off": not user.enabled,
        b"allkeys": root.every_key and not modern,
        b"allchannels": root.every_channel and not modern,
        b"allcommands": root.every_command and not modern,
        b"nopass": user.nopass,
    }
    return [flag for flag, holds in held.items() if holds] + ([user.sanitize] * bool(user.sanitize))


def key_rules(selector: Selector) -> list[bytes]:
    """The rules about keys."""
    if selector.every_key:
        return [b"~*"]
    return [_MARKS[access] + pattern for pattern, access in selector.keys.items()]


def channel_rules(selector: Selector) -> list[bytes]:
    """The rules about channels."""
    return [b"&*"] if selector.every_channel else [b"&" + name for name in selector.channels]


def command_rules(selector: Selector, rules: Rules) -> bytes:
    """The rules about commands (``ACLDescribeSelectorCommandRules``).

    First the categories that say most of it, each one the best for what is still to be said, then
    single commands. Redis tells those in no order; here it is the alphabet's.
    """
    built, left = Selector(), selector.copy()
    words = [b"+@all" if selector.future else b"-@all"]
    rules.apply_to(built, words[0])
    sign, opposite = (b"-@", b"+@") if selector.future else (b"+@", b"-@")
    unused = list(CATEGORIES)
    while (best := _best_category(left, unused, rules, not selector.future)) is not None:
        unused.remove(best)
        rules.apply_to(built, sign + best)
        rules.apply_to(left, opposite + best)
        words.append(sign + best)
    return b" ".join(words + _single_commands(selector, built, rules))


def _best_category(
    left: Selector, unused: list[bytes], rules: Rules, additive: bool
) -> bytes | None:
    """The category that fits best what is allowed (or, if not ``additive``, what is forbidden)."""
    best, fewest, most = None, 0, 0
    for category in unused:
        names = rules.catalogue.categories[category]
        allowed = len(names & left.commands)
        same, different = allowed, len(names) - allowed
        if not additive:
            same, different = different, same
        if same > different and (
            best is None or different < fewest or (different == fewest and same > most)
        ):
            best, fewest, most = category, different, same
    return best


def _single_commands(selector: Selector, built: Selector, rules: Rules) -> list[bytes]:
    words: list[bytes] = []
    # A container comes before its sub-commands: "|" is behind all letters, but "config" is shorter.
    for name in sorted(rules.catalogue.names, key=lambda name: name.split(b"|")):
        allowed = name in selector.commands
        if allowed != (name in built.commands):
            words.append((b"+" if allowed else b"-") + name)
            rules.allow(built, name, allowed)
        if not allowed:
            words += [b"+%b|%b" % (name, word) for word in selector.first_words.get(name, ())]
    return words
