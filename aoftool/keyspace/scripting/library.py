"""What the libraries of scripts share: arguments as Lua's C API reads them, and errors.

A library's function takes the arguments of the call as a tuple and gives its results as a tuple;
``bridged`` makes of it what the sandbox plugs in, which lets no Python exception through.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lupa import lua51

Arguments = tuple[Any, ...]

Function = Callable[[Arguments], Arguments]


class LibraryError(Exception):
    """An error that a script sees. ``text``: without the position in the script."""

    def __init__(self, text: bytes) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, slots=True)
class Values:
    """The Lua values that Python has no likeness of.

    Attributes:
        new_table: makes a Lua table, of a list or empty.
        null: the userdata that stands for JSON's null.
    """

    new_table: Callable[..., Any]
    null: Any


def bridged(function: Function) -> Callable[..., Arguments]:
    """The function as the sandbox calls it: (True, results...), or (False, error text)."""

    def call(*args: Any) -> Arguments:
        try:
            return (True, *function(args))
        except LibraryError as error:
            return False, error.text
        except (RecursionError, MemoryError):
            return False, b"stack overflow"
        except Exception as error:
            return False, str(error).encode(errors="replace")

    return call


def type_name(value: object) -> bytes:
    """The name of a value's type in Lua."""
    if value is None:
        return b"nil"
    if isinstance(value, bool):
        return b"boolean"
    if isinstance(value, (int, float)):
        return b"number"
    if isinstance(value, bytes):
        return b"string"
    return str(lua51.lua_type(value)).encode()


def is_table(value: object) -> bool:
    """Whether a value is a Lua table."""
    return type_name(value) == b"table"


def wrong_argument(at: int, name: str, why: bytes) -> LibraryError:
    """The error of ``luaL_argerror``; ``at`` counts from 1."""
    return LibraryError(b"bad argument #%d to '%b' (%b)" % (at, name.encode(), why))


def _mistyped(args: Arguments, at: int, name: str, wanted: bytes) -> LibraryError:
    got = type_name(args[at - 1]) if at <= len(args) else b"no value"
    return wrong_argument(at, name, b"%b expected, got %b" % (wanted, got))


def number(args: Arguments, at: int, name: str) -> float:
    """An argument as a number (``luaL_checknumber``). Raises LibraryError."""
    value = args[at - 1] if at <= len(args) else None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if isinstance(value, bytes) and b"_" not in value:
        for parse in (float, lambda text: float(int(text, 16))):
            try:
                return parse(value)
            except (ValueError, OverflowError):
                continue
    raise _mistyped(args, at, name, b"number")


def integer(args: Arguments, at: int, name: str, default: int | None = None) -> int:
    """An argument as an integer (``luaL_checkinteger``, ``luaL_optinteger``)."""
    if default is not None and (at > len(args) or args[at - 1] is None):
        return default
    value = number(args, at, name)
    if not abs(value) < 2.0**63:
        return -(2**63)
    return int(value)


def string(args: Arguments, at: int, name: str) -> bytes:
    """An argument as a string (``luaL_checklstring``). Raises LibraryError."""
    value = args[at - 1] if at <= len(args) else None
    if isinstance(value, bytes):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return b"%.14g" % value
    raise _mistyped(args, at, name, b"string")
