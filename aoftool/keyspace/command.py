"""One declaration for each command: syntax, flags, keys, propagation, handler.

@command("LPUSH", "key element [element ...]", WRITE | DENYOOM | FAST, Keys(1, 1),
         group="list", since="1.0.0")
def lpush(ctx: Context, argv: Argv) -> Reply:
    '''Prepend elements to a list.'''
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Flag, auto

from aoftool.format.resp.replies import Reply, Status
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import CommandError, wrong_arity
from aoftool.keyspace.keyspecs import NO_KEYS, Argv, KeySpec
from aoftool.keyspace.syntax import arity_of

Handler = Callable[[Context, Argv], Reply]


class Flags(Flag):
    """What a server must know of a command; ``describe`` says how each release names it."""

    WRITE = auto()
    READONLY = auto()
    DENYOOM = auto()
    ADMIN = auto()
    PUBSUB = auto()
    NOSCRIPT = auto()
    BLOCKING = auto()
    LOADING = auto()
    STALE = auto()
    FAST = auto()
    NO_AUTH = auto()
    MAY_REPLICATE = auto()
    ASKING = auto()
    SKIP_MONITOR = auto()
    SKIP_SLOWLOG = auto()
    NO_MANDATORY_KEYS = auto()
    NO_ASYNC_LOADING = auto()
    NO_MULTI = auto()
    ALLOW_BUSY = auto()
    #: The same call may answer, or do, something else elsewhere or at another time.
    RANDOM = auto()
    #: The elements of the answer come in no order.
    SORT_FOR_SCRIPT = auto()


NO_FLAGS = Flags(0)
WRITE, READONLY, DENYOOM, FAST = Flags.WRITE, Flags.READONLY, Flags.DENYOOM, Flags.FAST
ADMIN, NOSCRIPT, BLOCKING, RANDOM = Flags.ADMIN, Flags.NOSCRIPT, Flags.BLOCKING, Flags.RANDOM
LOADING, STALE, MAY_REPLICATE = Flags.LOADING, Flags.STALE, Flags.MAY_REPLICATE
SORT_FOR_SCRIPT, ALLOW_BUSY = Flags.SORT_FOR_SCRIPT, Flags.ALLOW_BUSY
SKIP_MONITOR, NO_MANDATORY_KEYS = Flags.SKIP_MONITOR, Flags.NO_MANDATORY_KEYS


@dataclass(frozen=True, slots=True)
class Call:
    """A finished call, as a propagation rule sees it.

    ``ctx.fact`` is what the handler left; ``ctx.options.style`` says whose AOF is written.
    """

    ctx: Context
    argv: Argv
    reply: Reply


#: What the AOF must say instead of the call: any number of commands. More than one becomes a
#: transaction, unless the rule is declared ``separate``.
Rule = Callable[[Call], Iterable[Sequence[bytes]]]


def verbatim(call: Call) -> Iterable[Sequence[bytes]]:
    """The call as it came: the rule of every write that does the same everywhere."""
    return (call.argv,)


def from_fact(call: Call) -> Iterable[Sequence[bytes]]:
    """The one command that the handler has left in ``ctx.fact``."""
    return (call.ctx.fact,)


def never(call: Call) -> Iterable[Sequence[bytes]]:
    """Nothing."""
    return ()


@dataclass(frozen=True, slots=True)
class Command:
    """What is known of a command.

    Attributes:
        name: in upper case; of a sub-command both words, parted by a blank.
        arity: Redis's arity, derived from the syntax.
        forced: logged even where nothing changed (FLUSHALL); a style: only in that one's AOF.
        separate: the records of the rule are not wrapped in a transaction (SET EX of Redis 6);
            a style: only where that one's AOF is written.
        verbatim_argc: with so many words the call stands in the AOF as it came, whatever the rule
            says of longer ones (SET key value); 0: the rule says it all.
        acl: ACL categories, parted by blanks, in place of the group's own.
        only_6, only_7: flags that it has in the one release and not in the other.
        subcommands: by upper-case word.
    """

    name: bytes
    syntax: str
    arity: int
    flags: Flags
    keys: KeySpec
    handler: Handler
    propagate: Rule
    group: str
    since: str
    summary: str
    forced: bool | Style = False
    separate: bool | Style = False
    acl: str = ""
    only_6: Flags = NO_FLAGS
    only_7: Flags = NO_FLAGS
    verbatim_argc: int = 0
    subcommands: dict[bytes, Command] = field(default_factory=dict)

    def forces(self, style: Style) -> bool:
        """Whether this style's AOF has the call even where it changed nothing."""
        return self.forced is True or self.forced is style

    def wraps(self, style: Style) -> bool:
        """Whether several records of one call stand in a transaction in this style's AOF."""
        return self.separate is not True and self.separate is not style

    def flags_in(self, style: Style) -> Flags:
        """The flags of the command in a server of this style."""
        return self.flags | (self.only_6 if style is Style.REDIS_6 else self.only_7)

    def accepts(self, argc: int) -> bool:
        """Whether so many arguments, the name included, fit the arity."""
        return argc == self.arity if self.arity > 0 else argc >= -self.arity


#: Bytes of a name, and of its arguments, that an error shows.
_SHOWN = 128
#: Commands whose handlers tell their sub-commands apart by themselves in every release.
_BY_ITSELF = frozenset((b"DEBUG",))
#: Commands that Redis 6 refuses as a whole, whatever stands behind them.
_WHOLE_IN_6 = frozenset((b"CLUSTER",))


class Table:
    """Declared commands by upper-case name.

    A table may stand on another one: what it does not declare is looked up there, so that a server
    can add its own commands to the keyspace's without changing what the keyspace has.
    """

    def __init__(self, below: Table | None = None) -> None:
        self.rows: ChainMap[bytes, Command] = ChainMap({})
        if below is not None:
            self.rows = below.rows.new_child()

    def command(
        self,
        name: str,
        syntax: str,
        flags: Flags,
        keys: KeySpec = NO_KEYS,
        *,
        group: str,
        since: str,
        propagate: Rule | None = None,
        forced: bool | Style = False,
        separate: bool | Style = False,
        acl: str = "",
        only_6: Flags = NO_FLAGS,
        only_7: Flags = NO_FLAGS,
        verbatim_argc: int = 0,
        arity: int | None = None,
    ) -> Callable[[Handler], Handler]:
        """Declare the decorated function as the handler of a command, or of ``CONTAINER SUB``.

        A write's rule is ``verbatim`` unless it says otherwise; one that is RANDOM or BLOCKING must
        say otherwise, because the same words would do something else when they are replayed.
        ``arity`` is only given where Redis's table is laxer than the syntax.
        Raises ValueError for a declaration that cannot be right.
        """
        if propagate is None:
            propagate = verbatim if WRITE in flags else never
        if propagate is verbatim and (RANDOM in flags or BLOCKING in flags):
            raise ValueError(f"{name} is random or blocking: say what the AOF must hold instead")

        def declare(handler: Handler) -> Handler:
            key = name.encode()
            derived = arity_of(syntax)
            if b" " in key:
                derived += 1 if derived > 0 else -1
            self._add(
                Command(
                    key,
                    syntax,
                    derived if arity is None else arity,
                    flags,
                    keys,
                    handler,
                    propagate,
                    group,
                    since,
                    (handler.__doc__ or "").partition("\n")[0],
                    forced,
                    separate,
                    acl,
                    only_6,
                    only_7,
                    verbatim_argc,
                )
            )
            return handler

        return declare

    def container(self, name: str, group: str, since: str, flags: Flags = NO_FLAGS) -> None:
        """Declare a command that only has sub-commands; declare those behind it."""
        self._add(
            Command(
                name.encode(), "subcommand [argument ...]", -2, flags, NO_KEYS, _bare, never, group,
                since, f"The {name} commands.",
            )
        )  # fmt: skip

    def _add(self, row: Command) -> None:
        container, _, word = row.name.partition(b" ")
        own = self.rows.maps[0]
        home = own[container].subcommands if word else own
        if (word or row.name) in home:
            raise ValueError(f"{row.name.decode()} is declared twice")
        home[word or row.name] = row

    def find(self, argv: Argv, style: Style = Style.REDIS_7) -> Command:
        """What ``argv`` calls. Raises CommandError for no command, or a wrong arity."""
        found = self.rows.get(argv[0]) or self.rows.get(argv[0].upper())
        if found is None:
            raise _unknown(argv, style)
        whole = style is Style.REDIS_6 and found.name in _WHOLE_IN_6
        if found.subcommands and len(argv) > 1 and not whole:
            found = found.subcommands.get(argv[1].upper(), found)
        if not found.accepts(len(argv)):
            container, blank, _ = found.name.partition(b" ")
            if blank and (style is Style.REDIS_6 or container in _BY_ITSELF):
                raise unknown_subcommand(argv, style)
            raise wrong_arity(found.name.replace(b" ", b"|"))
        return found

    def help_lines(self, name: bytes) -> list[Reply]:
        """What ``name`` HELP answers: each sub-command with its syntax and summary."""
        lines = [b"%b <subcommand> [<arg> [value] [opt] ...]. Subcommands are:" % name]
        for word, row in sorted(self.rows[name].subcommands.items()):
            lines.append((word + b" " + row.syntax.encode()).rstrip())
            lines.append(b"    " + row.summary.encode())
        return [Status(line) for line in lines]

    def declared(self) -> dict[bytes, Command]:
        """All commands and sub-commands by name; both words of the latter, parted by a blank."""
        rows = dict(self.rows)
        for row in self.rows.values():
            rows.update((sub.name, sub) for sub in row.subcommands.values())
        return rows


def _bare(ctx: Context, argv: Argv) -> Reply:
    """Called only by a word that is no sub-command."""
    raise unknown_subcommand(argv, ctx.options.style)


#: The keyspace's commands: all that can stand in an AOF, and those that read data.
TABLE = Table()
command = TABLE.command
container = TABLE.container
help_lines = TABLE.help_lines
find = TABLE.find


def _unknown(argv: Argv, style: Style) -> CommandError:
    """The name, and the arguments up to 128 bytes (``processCommand``)."""
    before, behind = (b"`", b"`, ") if style is Style.REDIS_6 else (b"'", b"' ")
    shown = b""
    for argument in argv[1:]:
        if len(shown) >= _SHOWN:
            break
        shown += before + argument[: _SHOWN - len(shown)] + behind
    name = before + argv[0][:_SHOWN] + before
    return CommandError(b"ERR unknown command %b, with args beginning with: %b" % (name, shown))


def unknown_subcommand(argv: Argv, style: Style) -> CommandError:
    """The error for a second word that is no sub-command of the first."""
    if style is Style.REDIS_6 or argv[0].upper() in _BY_ITSELF:
        return malformed_subcommand(argv, style)
    text = b"ERR unknown subcommand '%b'. Try %b HELP."
    return CommandError(text % (argv[1][:_SHOWN], argv[0].upper()))


def malformed_subcommand(argv: Argv, style: Style) -> CommandError:
    """The error of a sub-command for a call that it cannot make sense of
    (``addReplySubcommandSyntaxError``).
    """
    first = b"Unknown" if style is Style.REDIS_6 else b"unknown"
    text = b"ERR %b subcommand or wrong number of arguments for '%b'. Try %b HELP."
    return CommandError(text % (first, argv[1][:_SHOWN], argv[0].upper()))
