"""The libraries that every Redis gives its scripts, as the sandbox plugs them in."""

from __future__ import annotations

from collections.abc import Callable

from aoftool.keyspace.scripting import bit, json, msgpack, structs
from aoftool.keyspace.scripting.library import Arguments, Values, bridged

Libraries = dict[bytes, dict[bytes, Callable[..., Arguments]]]


def libraries(values: Values) -> Libraries:
    """Each library's functions by name."""
    found = {
        "bit": bit.FUNCTIONS,
        "cjson": json.functions(values),
        "cmsgpack": msgpack.functions(values),
        "struct": structs.FUNCTIONS,
    }
    return {
        library.encode(): {name.encode(): bridged(call) for name, call in functions.items()}
        for library, functions in found.items()
    }
