"""The libraries that every Redis gives its scripts, as the sandbox plugs them in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from aoftool.keyspace.scripting import bit, json, msgpack, structs
from aoftool.keyspace.scripting.library import Arguments, Function, Values, bridged

Bridged = dict[bytes, Callable[..., Arguments]]


def libraries(values: Values) -> Iterator[tuple[bytes, Bridged]]:
    """Each library's name and functions; JSON's are apart, they come with a configuration."""
    yield b"bit", _bridged(bit.FUNCTIONS)
    yield b"cmsgpack", _bridged(msgpack.functions(values))
    yield b"struct", _bridged(structs.FUNCTIONS)


def new_json(values: Values) -> Bridged:
    """The functions of ``cjson``, on a configuration of their own (``cjson.new``)."""
    return _bridged(json.functions(values))


def _bridged(functions: Mapping[str, Function]) -> Bridged:
    return {name.encode(): bridged(call) for name, call in functions.items()}
