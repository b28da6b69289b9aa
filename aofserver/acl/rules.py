"""Rules to what a user may do (``ACLSetUser`` and ``ACLSetSelector`` in acl.c).

A rule that is refused leaves a user half changed: apply rules to a copy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from aofserver.acl.catalogue import Catalogue
from aofserver.acl.users import BOTH, NONE, READ, WRITE, Selector, User, hashed
from aoftool.format.resp.inline import split_args

_SYNTAX = "Syntax error"
UNKNOWN = "Unknown command or category name in ACL"
_AFTER_ALL = (
    "Adding a pattern after the * pattern (or the '{flag}' flag) is not valid and does not have "
    "any effect. Try '{reset}' to start with an empty list of {what}"
)
_AFTER_ALL_KEYS = _AFTER_ALL.format(flag="allkeys", reset="resetkeys", what="patterns")
_AFTER_ALL_CHANNELS = _AFTER_ALL.format(flag="allchannels", reset="resetchannels", what="channels")
_NO_PASSWORD = "The password you are trying to remove from the user does not exist"
_BAD_HASH = (
    "The password hash must be exactly 64 characters and contain only lowercase hexadecimal "
    "characters"
)
_DEEP_WORD = "Allowing first-arg of a subcommand is not supported"
_HASH = re.compile(rb"[0-9a-f]{64}")
_LETTERS = {b"R": READ, b"W": WRITE}


class RuleError(Exception):
    """A rule that is not one; the text says why (``ACLSetUserStringError``)."""


class UnmatchedError(Exception):
    """A parenthesis without its other half; ``word``: where it stands."""

    def __init__(self, word: bytes) -> None:
        super().__init__(word.decode("utf-8", "backslashreplace"))
        self.word = word


class Rules:
    """Reads rules.

    Attributes:
        catalogue: the commands that can be named.
        all_channels: whether new users and selectors may use every channel
            (``acl-pubsub-default``).
    """

    def __init__(self, catalogue: Catalogue, all_channels: bool) -> None:
        self.catalogue = catalogue
        self.all_channels = all_channels

    def new_user(self, name: bytes) -> User:
        """A user who may do nothing yet (``ACLCreateUser``)."""
        return User(name, root=self._new_selector())

    def _new_selector(self) -> Selector:
        return Selector(every_channel=self.all_channels)

    def merged(self, words: Sequence[bytes]) -> list[bytes]:
        """Words with those of a selector put together (``ACLMergeSelectorArguments``).

        Raises UnmatchedError.
        """
        if not self.catalogue.modern:
            return list(words)
        found: list[bytes] = []
        opened: list[bytes] = []
        for word in words:
            if opened or (word.startswith(b"(") and not word.endswith(b")")):
                opened.append(word)
                if word.endswith(b")"):
                    found.append(b" ".join(opened))
                    opened = []
            else:
                found.append(word)
        if opened:
            raise UnmatchedError(opened[0])
        return found

    def apply(self, user: User, rule: bytes) -> None:
        """Apply one rule. Raises RuleError."""
        if not rule:
            return
        word = rule.lower()
        if word == b"reset":
            user.become(self.new_user(user.name))
            user.sanitize = b"sanitize-payload"
        elif word in _USER_WORDS:
            _USER_WORDS[word](user)
        elif word == b"clearselectors" and self.catalogue.modern:
            user.selectors.clear()
        elif rule[:1] in _PASSWORDS:
            _PASSWORDS[rule[:1]](user, rule[1:])
        elif self.catalogue.modern and rule.startswith(b"(") and rule.endswith(b")"):
            user.selectors.append(self._selector(rule[1:-1]))
        else:
            self.apply_to(user.root, rule)

    def _selector(self, text: bytes) -> Selector:
        selector = self._new_selector()
        words = split_args(text)
        if words is None:
            raise RuleError(_SYNTAX)
        for word in words:
            self.apply_to(selector, word)
        return selector

    def apply_to(self, selector: Selector, rule: bytes) -> None:
        """Apply one rule that is not about the user itself. Raises RuleError."""
        word, mark = rule.lower(), rule[:1]
        if word in _SELECTOR_WORDS:
            _SELECTOR_WORDS[word](selector)
        elif word in (b"allcommands", b"+@all"):
            selector.commands = set(self.catalogue.names)
            selector.future = selector.every_command = True
            selector.first_words.clear()
        elif word in (b"nocommands", b"-@all"):
            selector.commands.clear()
            selector.future = selector.every_command = False
            selector.first_words.clear()
        elif mark == b"~" or (mark == b"%" and self.catalogue.modern):
            _add_key(selector, rule)
        elif mark == b"&":
            _add_channel(selector, rule[1:])
        elif rule[:2] in (b"+@", b"-@"):
            self._category(selector, word[2:], mark == b"+")
        elif mark == b"+" and b"|" in rule:
            self._with_word(selector, rule[1:])
        elif mark in (b"+", b"-"):
            if word[1:] not in self.catalogue.names:
                raise RuleError(UNKNOWN)
            self.allow(selector, word[1:], mark == b"+")
        else:
            raise RuleError(_SYNTAX)

    def _category(self, selector: Selector, category: bytes, allowed: bool) -> None:
        names = self.catalogue.categories.get(category)
        if names is None:
            raise RuleError(UNKNOWN)
        for name in names:
            self.allow(selector, name, allowed)

    def allow(self, selector: Selector, name: bytes, allowed: bool) -> None:
        """Allow a command with its sub-commands, or forbid it (``ACLChangeSelectorPerm``)."""
        names = (name, *self.catalogue.containers.get(name, ()))
        selector.first_words.pop(name, None)
        if allowed:
            selector.commands.update(names)
        else:
            selector.commands.difference_update(names)
            selector.every_command = False

    def _with_word(self, selector: Selector, text: bytes) -> None:
        """``command|word``: a sub-command, or a command with this first argument only."""
        modern, name = self.catalogue.modern, text.lower()
        if modern and name in self.catalogue.names:
            self.allow(selector, name, True)
            return
        command, _, word = text.rpartition(b"|") if modern else text.partition(b"|")
        command = command.lower()
        if command not in self.catalogue.names:
            raise RuleError(UNKNOWN)
        if b"|" in command:
            raise RuleError(_DEEP_WORD)
        if not word:
            raise RuleError(_SYNTAX)
        if command in self.catalogue.containers:
            raise RuleError(UNKNOWN)
        words = selector.first_words.setdefault(command, [])
        if word.lower() not in (known.lower() for known in words):
            words.append(word)


def _add_key(selector: Selector, rule: bytes) -> None:
    if selector.every_key:
        raise RuleError(_AFTER_ALL_KEYS)
    access, pattern = BOTH, rule[1:]
    if rule.startswith(b"%"):
        letters, _, pattern = pattern.partition(b"~")
        kinds = [_LETTERS.get(bytes((letter,))) for letter in letters.upper()]
        if not kinds or len(set(kinds)) != len(kinds):
            raise RuleError(_SYNTAX)
        access = NONE
        for kind in kinds:
            if kind is None:
                raise RuleError(_SYNTAX)
            access |= kind
    if has_spaces(pattern):
        raise RuleError(_SYNTAX)
    selector.keys[pattern] = selector.keys.get(pattern, NONE) | access


def _add_channel(selector: Selector, pattern: bytes) -> None:
    if selector.every_channel:
        raise RuleError(_AFTER_ALL_CHANNELS)
    if has_spaces(pattern):
        raise RuleError(_SYNTAX)
    selector.channels[pattern] = None


def has_spaces(word: bytes) -> bool:
    """Whether a name or a pattern would fall apart in a line (``ACLStringHasSpaces``)."""
    return re.search(rb"[ \t\n\v\f\r\0]", word) is not None


def _every_key(selector: Selector, every: bool) -> None:
    selector.every_key = every
    selector.keys.clear()


def _every_channel(selector: Selector, every: bool) -> None:
    selector.every_channel = every
    selector.channels.clear()


_SELECTOR_WORDS: dict[bytes, Callable[[Selector], None]] = {
    b"allkeys": lambda selector: _every_key(selector, True),
    b"~*": lambda selector: _every_key(selector, True),
    b"resetkeys": lambda selector: _every_key(selector, False),
    b"allchannels": lambda selector: _every_channel(selector, True),
    b"&*": lambda selector: _every_channel(selector, True),
    b"resetchannels": lambda selector: _every_channel(selector, False),
}


def _enable(user: User, enabled: bool) -> None:
    user.enabled = enabled


def _nopass(user: User, nopass: bool) -> None:
    user.nopass = nopass
    user.passwords.clear()


def _sanitize(user: User, word: bytes) -> None:
    user.sanitize = word


_USER_WORDS: dict[bytes, Callable[[User], None]] = {
    b"on": lambda user: _enable(user, True),
    b"off": lambda user: _enable(user, False),
    b"nopass": lambda user: _nopass(user, True),
    b"resetpass": lambda user: _nopass(user, False),
    b"sanitize-payload": lambda user: _sanitize(user, b"sanitize-payload"),
    b"skip-sanitize-payload": lambda user: _sanitize(user, b"skip-sanitize-payload"),
}


def _add_hash(user: User, digest: bytes) -> None:
    if _HASH.fullmatch(digest) is None:
        raise RuleError(_BAD_HASH)
    if digest not in user.passwords:
        user.passwords.append(digest)
    user.nopass = False


def _remove_hash(user: User, digest: bytes) -> None:
    if _HASH.fullmatch(digest) is None:
        raise RuleError(_BAD_HASH)
    if digest not in user.passwords:
        raise RuleError(_NO_PASSWORD)
    user.passwords.remove(digest)


_PASSWORDS: dict[bytes, Callable[[User, bytes], None]] = {
    b">": lambda user, password: _add_hash(user, hashed(password)),
    b"<": lambda user, password: _remove_hash(user, hashed(password)),
    b"#": _add_hash,
    b"!": _remove_hash,
}
