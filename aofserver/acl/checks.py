"""Whether a user may do something: no effects (``ACLCheckAllUserCommandPerm`` in acl.c)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from aofserver.acl.catalogue import Catalogue
from aofserver.acl.keyaccess import keys_used
from aofserver.acl.users import NONE, READ, Access, Selector, User
from aoftool.keyspace.command import Command, Flags
from aoftool.keyspace.glob import compiled
from aoftool.keyspace.keyspecs import Argv


class Reason(IntEnum):
    """What was not allowed; of several selectors' reasons the greatest is told."""

    COMMAND = 1
    KEY = 2
    AUTH = 3
    CHANNEL = 4

    @property
    def word(self) -> bytes:
        """As ACL LOG has it."""
        return self.name.lower().encode()


@dataclass(frozen=True, slots=True, order=True)
class Denial:
    """Why something is not allowed, and the position of the argument that it is about."""

    reason: Reason
    at: int = 0


#: Positions of channels: the first, and whether all that follow are channels as well.
_CHANNELS = {
    b"PUBLISH": False, b"SPUBLISH": False, b"SUBSCRIBE": True, b"SSUBSCRIBE": True,
    b"PSUBSCRIBE": True,
}  # fmt: skip


def denial(user: User, command: Command, argv: Argv, catalogue: Catalogue) -> Denial | None:
    """Why ``user`` may not make this call, or None."""
    found = _of_selector(user.root, command, argv, catalogue)
    for selector in user.selectors:
        if found is None:
            return None
        why = _of_selector(selector, command, argv, catalogue)
        found = None if why is None else max(found, why)
    return found


def may_read_all(user: User, command: Command, argv: Argv, catalogue: Catalogue) -> bool:
    """Whether ``user`` may make this call and read any key by it.

    ``ACLUserCheckCmdWithUnrestrictedKeyAccess``, which SORT asks for its BY and GET.
    """
    return any(
        _of_selector(selector, command, argv, catalogue) is None
        and (selector.every_key or selector.keys.get(b"*", NONE) & READ)
        for selector in user
    )


def _of_selector(
    selector: Selector, command: Command, argv: Argv, catalogue: Catalogue
) -> Denial | None:
    if not _may_run(selector, command, argv, catalogue):
        return Denial(Reason.COMMAND)
    if not selector.every_key:
        for at, access in keys_used(command, argv):
            if not may_use_key(selector, argv[at], access):
                return Denial(Reason.KEY, at)
    if not selector.every_channel and command.name in _CHANNELS:
        literal = command.name == b"PSUBSCRIBE"
        for at in range(1, len(argv) if _CHANNELS[command.name] else 2):
            if not may_use_channel(selector.channels, argv[at], literal):
                return Denial(Reason.CHANNEL, at)
    return None


def _may_run(selector: Selector, command: Command, argv: Argv, catalogue: Catalogue) -> bool:
    name = catalogue.name_of(command)
    if name in selector.commands or selector.every_command or Flags.NO_AUTH in command.flags:
        return True
    words = selector.first_words.get(name)
    return (
        words is not None and len(argv) > 1 and argv[1].lower() in (word.lower() for word in words)
    )


def may_use_key(selector: Selector, key: bytes, access: Access) -> bool:
    """Whether a pattern that allows ``access`` matches a key (``ACLSelectorCheckKey``)."""
    for pattern, allowed in selector.keys.items():
        if allowed & access == access and compiled(pattern)(key):
            return True
    return False


def may_use_channel(patterns: dict[bytes, None], channel: bytes, literal: bool) -> bool:
    """Whether a channel matches one of ``patterns``; ``literal``: a pattern, which must be one.

    ``ACLCheckChannelAgainstList``.
    """
    if literal:
        return channel in patterns
    return any(compiled(pattern)(channel) for pattern in patterns)


def may_listen(new: User, old: User, subscriptions: dict[bytes, dict[bytes, None]]) -> bool:
    """Whether a client may keep what it has subscribed to when its user's rules change.

    ``subscriptions``: names by kind, as of a session (``ACLKillPubsubClientsIfNeeded``).
    """
    if any(selector.every_channel for selector in new):
        return True
    allowed = {pattern: None for selector in new for pattern in selector.channels}
    before = {pattern: None for selector in old for pattern in selector.channels}
    if not any(selector.every_channel for selector in old) and before.keys() <= allowed.keys():
        return True
    return all(
        may_use_channel(allowed, name, kind == b"p")
        for kind, names in subscriptions.items()
        for name in names
    )
