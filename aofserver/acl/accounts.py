"""The users of a server, and where they come from: rules, options, a file (acl.c)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from aofserver.acl import files as aclfiles
from aofserver.acl.catalogue import Catalogue
from aofserver.acl.rules import RuleError, Rules, UnmatchedError, has_spaces
from aofserver.acl.users import DEFAULT, User, Users, everything
from aofserver.config.config import Config
from aoftool.keyspace.errors import CommandError
from aoftool.ops.filesystem import FileSystem

_NO_FILE = (
    b"ERR This Redis instance is not configured to use an ACL file. You may want to specify users "
    b"via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis "
    b"configuration file set) in order to store users in the Redis configuration."
)
_BOTH_PLACES = (
    "Configuring Redis with users defined in redis.conf and at the same setting an ACL file path "
    "is invalid. This setup is very likely to lead to configuration errors and security holes, "
    "please define either an ACL file or declare users directly in your redis.conf, but not both."
)


class UsersError(Exception):
    """The users that the configuration names cannot be had; the text says why."""


class Accounts:
    """All users.

    Attributes:
        users: by name; default: the one that is always there, and always the same object.
        rules: reads rules, as the configuration and the release have them.
    """

    def __init__(self, config: Config, catalogue: Catalogue) -> None:
        self._config = config
        self.catalogue = catalogue
        self.rules = Rules(catalogue, config.text("acl-pubsub-default") == "allchannels")
        self.default = everything(DEFAULT, catalogue.names)
        self.users: Users = {DEFAULT: self.default}
        if config.text("requirepass"):
            self.set_password(os.fsencode(config.text("requirepass")))

    def in_order(self) -> list[User]:
        """All users by name."""
        return [user for _, user in sorted(self.users.items())]

    def changed(self, name: bytes, words: Sequence[bytes]) -> User:
        """What a user would be by these rules. Raises CommandError, and then nothing changes."""
        if has_spaces(name):
            raise CommandError(b"ERR Usernames can't contain spaces or null characters")
        known = self.users.get(name)
        user = known.copy() if known is not None else self.rules.new_user(name)
        try:
            merged = self.rules.merged(words)
        except UnmatchedError as error:
            raise CommandError(
                b"ERR Unmatched parenthesis in acl selector starting at '%b'." % error.word
            ) from None
        for rule in merged:
            try:
                self.rules.apply(user, rule)
            except RuleError as error:
                raise CommandError(
                    b"ERR Error in ACL SETUSER modifier '%b': %b" % (rule, str(error).encode())
                ) from None
        return user

    def adopt(self, users: Iterable[User]) -> None:
        """Have these users; one that is there already stays the object that it is."""
        for user in users:
            known = self.users.setdefault(user.name, user)
            if known is not user:
                known.become(user)

    def remove(self, names: Iterable[bytes]) -> set[User]:
        """Remove users; those that there were. Raises CommandError."""
        asked = set(names)
        if DEFAULT in asked:
            raise CommandError(b"ERR The 'default' user cannot be removed")
        return {self.users.pop(name) for name in asked if name in self.users}

    def set_password(self, password: bytes) -> None:
        """Have the default user's password be this one, or none (``requirepass``)."""
        self.rules.apply(self.default, b"resetpass")
        self.rules.apply(self.default, b">" + password if password else b"nopass")

    # Where users come from.
    def load_at_start(self) -> list[bytes]:
        """Have the users that the configuration or its file names. Raises UsersError.

        Returns the names of those that the configuration makes and that nobody can log in as.
        """
        lines = self._config["user"]
        if not self._config.text("aclfile"):
            for words in lines:
                self._declare(*(os.fsencode(word) for word in words))
            return [user.name for user in self.in_order() if not user.enabled]
        if lines:
            raise UsersError(_BOTH_PLACES)
        try:
            self._read()
        except aclfiles.AclFileError as error:
            raise UsersError(f"Aborting Redis startup because of ACL errors: {error}") from None
        return []

    def _declare(self, name: bytes = b"", *words: bytes) -> None:
        """A ``user`` line of the configuration (``ACLAppendUserForLoading``)."""
        if not name or has_spaces(name):
            raise UsersError("Spaces not allowed in ACL usernames")
        if name in self.users and name != DEFAULT:
            raise UsersError(
                f"Error in user declaration '{os.fsdecode(name)}': Duplicate user found. A user "
                "can only be defined once in config files"
            )
        user, rule = self.rules.new_user(name), b""
        if name == DEFAULT:
            self.rules.apply(user, b"reset")
        try:
            for rule in self.rules.merged(words):
                self.rules.apply(user, rule)
        except UnmatchedError as error:
            raise UsersError(
                f"Unmatched parenthesis in acl selector starting at '{error}'."
            ) from None
        except RuleError as error:
            raise UsersError(f"Error in user declaration '{os.fsdecode(rule)}': {error}") from None
        self.adopt([user])

    def reload(self) -> set[User]:
        """Have the users in the file; those that there were but the default one.

        Raises CommandError where the file is not sound, and then nothing changes.
        """
        self._need_file()
        try:
            return self._read()
        except aclfiles.AclFileError as error:
            raise CommandError(b"ERR " + os.fsencode(str(error))) from None

    def _read(self) -> set[User]:
        found = aclfiles.load(self._config.text("aclfile"), self._folder, self.rules)
        gone = set(self.users.values()) - {self.default}
        self.users = {DEFAULT: self.default}
        self.adopt(found.values())
        return gone

    def save(self, system: FileSystem) -> None:
        """Write all users into the file. Raises CommandError where there is none, OSError."""
        self._need_file()
        path = self._folder / self._config.text("aclfile")
        aclfiles.save(path, self.in_order(), self.rules, system)

    def _need_file(self) -> None:
        if not self._config.text("aclfile"):
            raise CommandError(_NO_FILE)

    @property
    def _folder(self) -> Path:
        return Path(self._config.text("dir"))

    def config_lines(self) -> list[str]:
        """What CONFIG REWRITE writes of the users; nothing where they have a file of their own."""
        if self._config.text("aclfile"):
            return []
        return [os.fsdecode(aclfiles.user_line(user, self.rules)) for user in self.in_order()]
