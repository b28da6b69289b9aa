"""Files of users: all of it is good, or none is taken (``ACLLoadFromFile`` in acl.c)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from aofserver.acl.describe import user_rules
from aofserver.acl.rules import UNKNOWN, RuleError, Rules, UnmatchedError, has_spaces
from aofserver.acl.users import DEFAULT, User, Users, everything
from aoftool.ops.filesystem import FileSystem
from aoftool.ops.safefile import NewFile


class AclFileError(Exception):
    """A file of users that cannot be read; the text has what is wrong with each line."""


def user_line(user: User, rules: Rules) -> bytes:
    """The line that makes a user again, in a file of users or of options."""
    return b"user %b %b" % (user.name, user_rules(user, rules))


def save(path: Path, users: Iterable[User], rules: Rules, files: FileSystem) -> None:
    """Write all users into a file, at once and durably. Raises OSError."""
    with NewFile(path, files) as new:
        new.write(b"".join(user_line(user, rules) + b"\n" for user in users))
        new.put_in_place(replace=True, keep_old=False)


def load(path: str, folder: Path, rules: Rules) -> Users:
    """The users in a file, the default one among them in any case. Raises AclFileError.

    ``path``: as it was configured, which errors show; ``folder``: what it is relative to.
    """
    try:
        text = (folder / path).read_bytes()
    except OSError as error:
        raise AclFileError(f"Error loading ACLs, opening file '{path}': {error.strerror}") from None
    reader = _Reader(path, rules)
    default = everything(DEFAULT, rules.catalogue.names)
    if not rules.catalogue.modern:
        reader.users[DEFAULT] = default
    for number, line in enumerate(text.split(b"\n"), 1):
        reader.take(number, line.strip(b" \t\r\n"))
    if reader.errors:
        raise AclFileError(
            "".join(reader.errors) + "WARNING: ACL errors detected, no change to the previously "
            "active ACL rules was performed"
        )
    reader.users.setdefault(DEFAULT, default)
    return reader.users


class _Reader:
    """Takes the lines of a file, and collects what is wrong with them."""

    def __init__(self, path: str, rules: Rules) -> None:
        self.users: Users = {}
        self.errors: list[str] = []
        self._path = path
        self._rules = rules

    def take(self, number: int, line: bytes) -> None:
        """One line; what is wrong with it is added to ``errors``."""
        if not line:
            return
        place, words = f"{self._path}:{number}", line.split(b" ")
        if words[0] != b"user" or len(words) < 2:
            self._wrong(f"{place} should start with user keyword followed by the username. ")
        elif has_spaces(words[1]):
            shown = os.fsdecode(words[1])
            self._wrong(f"'{place}: username '{shown}' contains invalid characters. ")
        elif words[1] in self.users and self._rules.catalogue.modern:
            shown = os.fsdecode(words[1])
            self._wrong(f"WARNING: Duplicate user '{shown}' found on line {number}. ")
        else:
            self._user(place, words[1], words[2:])

    def _wrong(self, text: str) -> None:
        self.errors.append(text)

    def _user(self, place: str, name: bytes, words: list[bytes]) -> None:
        user = self._rules.new_user(name)
        if name in self.users:  # Redis 6 begins a user anew that comes again
            self._rules.apply(user, b"reset")
        self.users[name] = user
        try:
            merged = self._rules.merged(words)
        except UnmatchedError:
            self._wrong(f"{place}: Unmatched parenthesis in selector definition.")
            return
        told = False
        for rule in merged:
            try:
                self._rules.apply(user, rule.strip(b"\t\r\n"))
            except RuleError as error:
                # What is no rule may be a password: it is shown only where it can be none.
                if self._rules.catalogue.modern and str(error) == UNKNOWN:
                    shown = os.fsdecode(rule)
                    self._wrong(f"{place}: Error in applying operation '{shown}': {error}. ")
                elif not told or not self._rules.catalogue.modern:
                    told = True
                    self._wrong(f"{place}: {error}. ")
