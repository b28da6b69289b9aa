"""A command's syntax as text, and the arity that follows from it.

key value [NX | XX] [field value ...]      blanks part words
[...]                                      may be left out
<a | b c>                                  one of these, at least as long as the shortest
word ...                                   the word before may come again
"""

from __future__ import annotations

import re

_TOKENS = re.compile(r"\.\.\.|[\[\]<>|]|[^\s\[\]<>|]+")


def tokens_of(syntax: str) -> list[str]:
    """The words and signs that a syntax is made of."""
    return _TOKENS.findall(syntax)


def arity_of(syntax: str) -> int:
    """Redis's arity: words with the name; negative where there may be more.

    Raises ValueError for brackets that do not match.
    """
    tokens = tokens_of(syntax)
    least, open_ended, used = _sequence(tokens, 0, None)
    if used != len(tokens):
        raise ValueError(f"unmatched bracket in {syntax!r}")
    return -(least + 1) if open_ended else least + 1


def _sequence(tokens: list[str], at: int, closing: str | None) -> tuple[int, bool, int]:
    """(fewest words, whether there may be more, position behind) up to ``closing``."""
    branches: list[tuple[int, bool]] = []
    least, open_ended = 0, False
    while at < len(tokens) and tokens[at] not in ("]", ">"):
        token = tokens[at]
        at += 1
        if token == "[":
            _, _, at = _sequence(tokens, at, "]")
            open_ended = True
        elif token == "<":
            inner, more, at = _sequence(tokens, at, ">")
            least, open_ended = least + inner, open_ended or more
        elif token == "|":
            branches.append((least, open_ended))
            least, open_ended = 0, False
        elif token == "...":
            open_ended = True
        else:
            least += 1
    if closing is not None:
        if at == len(tokens) or tokens[at] != closing:
            raise ValueError("unmatched bracket")
        at += 1
    branches.append((least, open_ended))
    fewest = min(branch[0] for branch in branches)
    differs = any(branch != branches[0] for branch in branches)
    return fewest, differs or any(branch[1] for branch in branches), at
