"""Syntax as a tree of arguments."""

from __future__ import annotations

import pytest

from aofserver.argumenttree import Argument, arguments_of
from aofserver.commands import SERVER_TABLE


def text(argument: Argument) -> str:
    """A node as people would write it."""
    if argument.kind == "oneof":
        body = " | ".join(map(text, argument.parts))
    elif argument.kind == "block":
        body = " ".join(map(text, argument.parts))
        body = f"{argument.token} {body}" if argument.token else body
    elif argument.kind == "pure-token":
        body = argument.token
    else:
        body = f"{argument.token} {argument.name}" if argument.token else argument.name
    if argument.multiple:
        body = f"({body})+"
    return f"[{body}]" if argument.optional else body


@pytest.mark.parametrize(
    ("syntax", "shown"),
    [
        ("", ""),
        ("key value", "key value"),
        ("key [key ...]", "(key)+"),
        ("key value [key value ...]", "(key value)+"),
        ("key [NX | XX] [EX seconds | KEEPTTL]", "key [NX | XX] [EX seconds | KEEPTTL]"),
        ("[LIMIT offset count] [GET]", "[LIMIT offset count] [GET]"),
        ("a <LEFT | RIGHT> <* | id>", "a LEFT | RIGHT * | id"),
        ("ip:port | filter value [filter value ...]", "ip:port | (filter value)+"),
        ("[section ...]", "[(section)+]"),
    ],
)
def test_trees(syntax: str, shown: str) -> None:
    assert " ".join(map(text, arguments_of(syntax))) == shown


def test_every_declaration_has_one() -> None:
    for row in SERVER_TABLE.declared().values():
        for argument in arguments_of(row.syntax):
            assert argument.reply()
