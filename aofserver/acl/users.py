"""A user, the selectors that say what it may do, and all users of a server (acl.c)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field, fields

DEFAULT = b"default"


#: What may be done with a key, or what a command does with it: bits.
Access = int
NONE, READ, WRITE = 0, 1, 2
BOTH = READ | WRITE


@dataclass(slots=True)
class Selector:
    """Commands, and the keys and channels that they may be run on.

    Attributes:
        commands: names of those that may be run.
        future: whether commands may be run that this server does not have (``+@all`` came last of
            it and ``-@all``).
        every_command: whether nothing was taken away since ``+@all``.
        first_words: by command, the first arguments with which it may be run all the same.
        keys: patterns of keys, in order, with what may be done with them; every_key: ``~*``.
        channels: patterns of channels, in order; every_channel: ``&*``.
    """

    commands: set[bytes] = field(default_factory=set)
    future: bool = False
    every_command: bool = False
    first_words: dict[bytes, list[bytes]] = field(default_factory=dict)
    keys: dict[bytes, Access] = field(default_factory=dict)
    every_key: bool = False
    channels: dict[bytes, None] = field(default_factory=dict)
    every_channel: bool = False

    @property
    def is_free(self) -> bool:
        """Whether it allows everything."""
        return self.every_command and self.every_key and self.every_channel

    def copy(self) -> Selector:
        """Another one that allows the same."""
        return Selector(
            set(self.commands),
            self.future,
            self.every_command,
            {name: list(words) for name, words in self.first_words.items()},
            dict(self.keys),
            self.every_key,
            dict(self.channels),
            self.every_channel,
        )


@dataclass(slots=True, eq=False)
class User:
    """Somebody who may log in.

    Attributes:
        enabled: whether that is allowed now.
        nopass: any password will do.
        passwords: SHA-256 of those that do, hexadecimal, in the order in which they came.
        sanitize: the rule that says whether RESTORE looks closely, or empty.
        root: what most rules are about; selectors: further ones, each by itself.
    """

    name: bytes
    enabled: bool = False
    nopass: bool = False
    passwords: list[bytes] = field(default_factory=list)
    sanitize: bytes = b""
    root: Selector = field(default_factory=Selector)
    selectors: list[Selector] = field(default_factory=list)

    def __iter__(self) -> Iterator[Selector]:
        """All selectors, the root first."""
        yield self.root
        yield from self.selectors

    @property
    def is_free(self) -> bool:
        """Whether one of the selectors allows everything, so that nothing is to be checked."""
        return self.root.is_free or any(selector.is_free for selector in self.selectors)

    @property
    def is_open(self) -> bool:
        """Whether nobody needs a password to be this user."""
        return self.enabled and self.nopass

    def copy(self) -> User:
        """Another user with the same name and rules."""
        return User(
            self.name,
            self.enabled,
            self.nopass,
            list(self.passwords),
            self.sanitize,
            self.root.copy(),
            [selector.copy() for selector in self.selectors],
        )

    def become(self, other: User) -> None:
        """Have another user's rules from now on (``ACLCopyUser``)."""
        copied = other.copy()
        for each in fields(User):
            if each.name != "name":
                setattr(self, each.name, getattr(copied, each.name))

    def accepts(self, password: bytes) -> bool:
        """Whether this password lets somebody in (``ACLCheckUserCredentials``).

        It takes as long for a wrong one as for a right one.
        """
        if not self.enabled:
            return False
        if self.nopass:
            return True
        given = hashed(password)
        found = [hmac.compare_digest(given, known) for known in self.passwords]
        return any(found)


def hashed(password: bytes) -> bytes:
    """What is kept of a password: its SHA-256, hexadecimal."""
    return hashlib.sha256(password).hexdigest().encode()


#: All users by name.
Users = dict[bytes, User]


def everything(name: bytes, commands: frozenset[bytes]) -> User:
    """A user who may do everything without a password (``ACLCreateDefaultUser``)."""
    root = Selector(set(commands), True, True, every_key=True, every_channel=True)
    return User(name, True, True, root=root)
