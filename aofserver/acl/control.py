"""Who a client is, and what it may do: logins, checks, and the end of those who may not (acl.c)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from aofserver.acl.accounts import Accounts
from aofserver.acl.checks import Denial, Reason, denial, may_listen, may_read_all
from aofserver.acl.log import AclLog, Refusal, Where
from aofserver.acl.texts import no_permission, no_permission_in_exec, no_permission_in_script
from aofserver.acl.users import User
from aofserver.clients.session import Session
from aofserver.measures.stats import Stats
from aoftool.keyspace.command import Command
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.keyspecs import Argv

_WRONG_LOGIN = b"WRONGPASS invalid username-password pair or user is disabled."


class AccessControl:
    """Checks what clients do, and notes what they were refused.

    It is also what the keyspace asks for its scripts (``Permissions``).

    Attributes:
        accounts: the users; log: what was refused.
        caller: the client whose command runs; close: ends another one.
        describe: what CLIENT LIST says of a client.
    """

    def __init__(
        self,
        accounts: Accounts,
        log: AclLog,
        stats: Stats,
        sessions: Mapping[int, Session],
        *,
        caller: Callable[[], Session],
        close: Callable[[Session], None],
        describe: Callable[[Session], bytes],
        now_ms: Callable[[], int],
    ) -> None:
        self.accounts = accounts
        self.log = log
        self.caller = caller
        self.close = close
        self.describe = describe
        self._catalogue = accounts.catalogue
        self._stats = stats
        self._sessions = sessions
        self._now_ms = now_ms

    # Who is who.
    def admit(self, session: Session) -> None:
        """A client has come, or begins anew: it is the default user."""
        session.user = self.accounts.default
        session.logged_in = session.user.is_open
        self._update(session)

    def log_in(self, session: Session, name: bytes, password: bytes, command: bytes) -> None:
        """Have a client be somebody. Raises CommandError; ``command``: what it said so with."""
        user = self.accounts.users.get(name)
        if user is None or not user.accepts(password):
            self._note(session, Reason.AUTH, _place(session), command, name)
            raise CommandError(_WRONG_LOGIN)
        session.user, session.logged_in = user, True
        self._update(session)

    def _update(self, session: Session) -> None:
        session.authenticated = session.logged_in or self.accounts.default.is_open
        session.update_special()

    def refresh(self) -> None:
        """Rules have changed: clients have to be looked at closely from now on, or no more."""
        for session in self._sessions.values():
            self._update(session)

    # Who may do what.
    def check(self, session: Session, command: Command, argv: Argv) -> None:
        """Refuse a call of a client that its user may not make. Raises CommandError NOPERM."""
        why = self._denial(session, command, argv, _place(session))
        if why is not None:
            name = self._catalogue.name_of(command)
            raise CommandError(no_permission(why.reason, name, self._catalogue.style))

    def refusal_in_exec(self, session: Session, command: Command, argv: Argv) -> bytes | None:
        """Why a queued command may not be run any more, or None."""
        why = self._denial(session, command, argv, Where.MULTI)
        return None if why is None else no_permission_in_exec(why.reason)

    def refusal_in_script(self, command: Command, argv: Argv) -> bytes | None:
        """Why the script of the caller may not call this, or None."""
        why = self._denial(self.caller(), command, argv, Where.SCRIPT)
        return None if why is None else no_permission_in_script(why.reason)

    def may_call(self, command: Command, argv: Argv) -> bool:
        """Whether a script of the caller may call this (``redis.acl_check_cmd``)."""
        user = self.caller().user
        return user is None or denial(user, command, argv, self._catalogue) is None

    def may_read_all(self, name: bytes, argv: Argv) -> bool:
        """Whether the caller may read any key by this call; before 7.0 nobody asks."""
        user = self.caller().user
        if user is None or not self._catalogue.modern:
            return True
        return may_read_all(user, self._catalogue.commands[name.lower()], argv, self._catalogue)

    def _denial(
        self, session: Session, command: Command, argv: Argv, where: Where
    ) -> Denial | None:
        user = session.user
        if user is None or user.is_free:
            return None
        why = denial(user, command, argv, self._catalogue)
        if why is not None:
            whole = why.reason is Reason.COMMAND
            about = self._catalogue.name_of(command) if whole else argv[why.at]
            self._note(session, why.reason, where, about, user.name)
        return why

    def _note(
        self, session: Session, reason: Reason, where: Where, about: bytes, name: bytes
    ) -> None:
        denied = self._stats.denied
        denied[reason.word] = denied.get(reason.word, 0) + 1
        client = self.describe(session)
        self.log.add(Refusal(reason, where, about, name, client, self._now_ms()))

    # Users change.
    def set_user(self, name: bytes, words: Sequence[bytes]) -> None:
        """Make a user, or change one: by all the rules or by none. Raises CommandError."""
        new, known = self.accounts.changed(name, words), self.accounts.users.get(name)
        if known is not None:
            self._end(
                session
                for session in self._sessions.values()
                if session.user is known
                and session.subscriptions
                and not may_listen(new, known, session.subscriptions)
            )
        self.accounts.adopt([new])
        self.refresh()

    def set_password(self, password: bytes) -> None:
        """``requirepass`` has changed."""
        self.accounts.set_password(password)
        self.refresh()

    def delete(self, names: Iterable[bytes]) -> int:
        """Remove users, and end their clients; how many there were. Raises CommandError."""
        gone = self.accounts.remove(names)
        self._end_clients_of(gone)
        return len(gone)

    def reload(self) -> None:
        """Have the users in the file; all clients end but the default user's.

        Raises CommandError.
        """
        self._end_clients_of(self.accounts.reload())
        self.refresh()

    def _end_clients_of(self, gone: set[User]) -> None:
        self._end(session for session in self._sessions.values() if session.user in gone)

    def _end(self, sessions: Iterable[Session]) -> None:
        """End clients; the caller gets its reply first."""
        for session in list(sessions):
            session.user, session.logged_in = self.accounts.default, False
            self._update(session)
            if session is self.caller():
                session.closing = True
            else:
                self.close(session)


def _place(session: Session) -> Where:
    return Where.TOPLEVEL if session.transaction is None else Where.MULTI
