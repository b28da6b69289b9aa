"""A command's syntax as COMMAND DOCS tells its arguments: a tree, from the declaration's text."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from aoftool.format.resp.replies import MapReply, Reply, SetReply, Status
from aoftool.keyspace.syntax import tokens_of

_TYPES = {
    "key": "key source destination",
    "integer": "count offset start stop seconds ms numkeys cursor index timeout port samples",
    "double": "score increment radius width height longitude latitude",
    "pattern": "pattern",
}
_TYPE_OF = {name: kind for kind, names in _TYPES.items() for name in names.split()}
_CLOSING = {"[": "]", "<": ">"}


@dataclass(frozen=True, slots=True)
class Argument:
    """A node of the tree; ``kind``: ``block``, ``oneof``, ``pure-token`` or what a word is.

    Attributes:
        token: the word that stands before it, or that it is.
        optional: whether it may be left out; multiple: whether it may come again.
        parts: of a block all, of a oneof one of them.
    """

    name: str
    kind: str
    token: str = ""
    optional: bool = False
    multiple: bool = False
    parts: list[Argument] = field(default_factory=list)

    def reply(self) -> Reply:
        """What COMMAND DOCS tells of it."""
        told: list[Reply] = [b"name", self.name.encode(), b"type", self.kind.encode()]
        if self.token:
            told += [b"token", self.token.encode()]
        flags = ["optional"] * self.optional + ["multiple"] * self.multiple
        if flags:
            told += [b"flags", SetReply([Status(flag.encode()) for flag in flags])]
        if self.parts:
            told += [b"arguments", [part.reply() for part in self.parts]]
        return MapReply(told)


def arguments_of(syntax: str) -> list[Argument]:
    """The arguments of a command with this syntax (see ``syntax`` in the keyspace)."""
    branches, _ = _branches(tokens_of(syntax), 0)
    return branches[0] if len(branches) == 1 else [_one_of(branches)]


def _branches(tokens: list[str], at: int) -> tuple[list[list[Argument]], int]:
    """What stands between bars, up to a closing bracket, and the position behind."""
    branches: list[list[Argument]] = [[]]
    while at < len(tokens) and tokens[at] not in _CLOSING.values():
        token, now = tokens[at], branches[-1]
        at += 1
        if token in _CLOSING:
            inner, at = _branches(tokens, at)
            _add(now, inner, optional=token == "[")
        elif token == "|":
            branches.append([])
        elif token == "...":
            now[-1] = replace(now[-1], multiple=True)
        else:
            now.append(_word(token))
    return branches, at + 1


def _word(token: str) -> Argument:
    if token.upper() == token and not token.isdigit():
        return Argument(token.lower(), "pure-token", token)
    return Argument(token, _TYPE_OF.get(token, "string"))


def _add(before: list[Argument], branches: list[list[Argument]], optional: bool) -> None:
    """Put a group behind what is there; ``key [key ...]`` is one key that may come again."""
    names = [argument.name for argument in branches[0]]
    last = before[-len(names) :]
    again = optional and len(branches) == 1 and branches[0][-1].multiple
    if again and [argument.name for argument in last] == names:
        before[-len(names) :] = [replace(_group(last), multiple=True)]
        return
    found = _one_of(branches) if len(branches) > 1 else _group(branches[0])
    before.append(replace(found, optional=optional))


def _one_of(branches: list[list[Argument]]) -> Argument:
    parts = [_group(branch) for branch in branches]
    return Argument("-or-".join(part.name for part in parts), "oneof", parts=parts)


def _group(arguments: list[Argument]) -> Argument:
    """One node for several; the word that begins them is its token."""
    first, *rest = arguments
    if not rest:
        return first
    again = rest[-1].multiple and first.kind != "pure-token"
    if again:
        rest[-1] = replace(rest[-1], multiple=False)
    if first.kind != "pure-token":
        name = "-".join(argument.name for argument in (first, *rest))
        return Argument(name, "block", multiple=again, parts=[first, *rest])
    if len(rest) == 1 and not rest[0].token and not rest[0].optional:
        return replace(rest[0], token=first.token)
    return Argument(first.name, "block", first.token, parts=rest)
