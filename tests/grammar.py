"""Random calls of any declared command, made from the syntax that its declaration has.

``Grammar.call`` walks the syntax: options come or stay away, alternatives are drawn, what repeats
repeats. Words in lower case are drawn from ``words``, by the name that the syntax gives them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from aoftool.keyspace.command import Command

_TOKENS = re.compile(r"\.\.\.|[\[\]<>|]|[^\s\[\]<>|]+")

Draw = Callable[[Random], bytes]
#: Words that say how many items follow.
_COUNTS = {"numkeys", "numfields", "numids"}
_MOST = 3
#: How often an option is written in lower case.
_LOWER = 0.3

#: A part of a syntax: a word, or a bracket with its alternatives.
Node = Any


def _parse(tokens: list[str]) -> list[list[Node]]:
    """The alternatives up to the closing bracket; ``tokens`` are in reverse."""
    branches: list[list[Node]] = [[]]
    while tokens and tokens[-1] not in ("]", ">"):
        token = tokens.pop()
        if token in ("[", "<"):
            branches[-1].append((token, _parse(tokens)))
            tokens.pop()
        elif token == "|":
            branches.append([])
        else:
            branches[-1].append(token)
    return branches


class Grammar:
    """Draws calls.

    ``words`` says what stands for the words of syntaxes; ``default`` for a word it does not have.
    """

    def __init__(self, words: Mapping[str, Draw], default: Draw) -> None:
        self._words = words
        self._default = default
        self._trees: dict[str, list[list[Node]]] = {}

    def call(self, command: Command, rng: Random, options: float = 0.3) -> list[bytes]:
        """A call of ``command``; each option comes with the probability ``options``."""
        syntax = command.syntax
        if syntax not in self._trees:
            self._trees[syntax] = _parse(_TOKENS.findall(syntax)[::-1])
        branch = rng.choice(self._trees[syntax])
        return [*command.name.split(b" "), *_Walk(self, rng, options).sequence(branch)]

    def draw(self, word: str, rng: Random) -> bytes:
        """An argument for a word."""
        if not word.islower() and word.upper() == word:
            return word.lower().encode() if rng.random() < _LOWER else word.encode()
        return self._words.get(word, self._default)(rng)


class _Walk:
    """One call in the making.

    ``_due``: how many items a count has announced that did not come yet, or None. ``_counted``: the
    last count, which WEIGHTS have to keep to. ``_pairs``: how often the keys behind STREAMS came
    again, as often as their IDs must.
    """

    def __init__(self, grammar: Grammar, rng: Random, options: float) -> None:
        self._grammar = grammar
        self._rng = rng
        self._options = options
        self._due: int | None = None
        self._counted = 1
        self._pairs: int | None = None

    def sequence(self, nodes: list[Node]) -> list[bytes]:
        """The arguments for a sequence of nodes."""
        made: list[bytes] = []
        first = True
        for node in nodes:
            if isinstance(node, str):
                made += self._word(node, first)
                first = node in _COUNTS
            elif node[0] == "<":
                made += self.sequence(self._rng.choice(node[1]))
            else:
                made += self._optional(node[1])
        return made

    def _word(self, word: str, first: bool) -> list[bytes]:
        if word in _COUNTS:
            self._due = self._counted = self._rng.randint(1, _MOST)
            return [b"%d" % self._due]
        if first and self._due is not None:
            self._due -= 1
        return [] if word == "..." else [self._grammar.draw(word, self._rng)]

    def _optional(self, branches: list[list[Node]]) -> list[bytes]:
        if any(items[-1:] == ["..."] for items in branches):
            times = self._times(branches[0])
            chosen = [self._rng.choice(branches) for _ in range(times)]
            return [argument for items in chosen for argument in self.sequence(items)]
        if self._rng.random() >= self._options:
            return []
        return self.sequence(self._rng.choice(branches))

    def _times(self, items: list[Node]) -> int:
        """How often the items come that may come again."""
        drawn = self._rng.choice((0, 0, 1, 2))
        if self._due is not None:
            due, self._due = self._due, None
            return due
        if items[0] == "weight":
            return self._counted - 1
        if items[0] == "id" and self._pairs is not None:
            return self._pairs
        if items[0] == "key":
            self._pairs = drawn
        return drawn
