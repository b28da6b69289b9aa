"""The sandbox of scripts: what hostile scripts cannot do, and that scripts can be stopped."""

from __future__ import annotations

from random import Random

import pytest

from aoftool.format.resp.replies import Reply
from aoftool.keyspace.context import Style
from aoftool.keyspace.scripting.runtime import Runtime, ScriptFailed


def run(script: bytes, runtime: Runtime | None = None) -> Reply:
    """Run a script whose commands all answer OK."""
    runtime = runtime or Runtime(Style.REDIS_7)
    return runtime.run(runtime.compile(script), [], [], lambda argv: b"OK", Random(1))


@pytest.mark.parametrize(
    "name", ["io", "require", "package", "python", "newproxy", "dofile", "loadfile", "module"]
)
def test_a_script_does_not_see_what_reaches_outside(name: str) -> None:
    with pytest.raises(ScriptFailed, match="nonexistent global variable"):
        run(b"return %b" % name.encode())


def test_no_library_hands_out_an_object_of_the_host() -> None:
    for library in (b"cjson", b"cmsgpack", b"struct", b"bit", b"redis"):
        script = b"""
            local odd = {}
            for name, held in pairs(%b) do
                if type(held) == "userdata" and name ~= "null" then odd[#odd + 1] = name end
            end
            return odd
        """
        assert run(script % library) == []
    assert run(b"return getmetatable(cjson.null) == nil and 1 or 0") == 1


def test_compiled_code_is_not_loaded() -> None:
    assert run(b"return string.dump == nil and 1 or 0") == 1
    assert run(b"return loadstring(string.char(27) .. 'Lua') == nil and 1 or 0") == 1


def test_configuration_of_json() -> None:
    runtime = Runtime(Style.REDIS_6)
    assert run(b"cjson.encode_sparse_array(true) return cjson.encode({[99]=1})", runtime) == (
        b'{"99":1}'
    )
    assert run(b"cjson.encode_invalid_numbers('null') return cjson.encode(1/0)", runtime) == (
        b"null"
    )


def test_an_interrupt_stops_a_loop() -> None:
    runtime = Runtime(Style.REDIS_7)
    runtime.interrupt = lambda: b"stopped"
    with pytest.raises(ScriptFailed, match="stopped"):
        run(b"while true do end", runtime)
    with pytest.raises(ScriptFailed, match="stopped"):
        run(b"while true do pcall(function() while true do end end) end", runtime)
    with pytest.raises(ScriptFailed, match="stopped"):
        run(b"coroutine.wrap(function() while true do end end)()", runtime)
