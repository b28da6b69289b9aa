"""Scripts: replies and errors beside real servers, and what the AOF holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compat.differential import Words, assert_converges, assert_same, pair
from tests.compat.servers import RELEASES

#: The libraries that every script has.
LIBRARIES = [
    "return cjson.encode({1,2,'x',true,false,1.5,1e100,{a=1}})",
    "return cjson.encode({})",
    "return cjson.encode({[1]=1,[3]=3})",
    "return cjson.encode({[1]=1,[100]=3})",
    "return cjson.encode({[1.5]=1})",
    "return cjson.encode({[true]=1})",
    "return cjson.encode(0/0)",
    "return cjson.encode(1,2)",
    "return cjson.encode()",
    "return cjson.encode(cjson.null)",
    "return cjson.encode('a/\"\\\\\\n\\1\\127\xe9')",
    "return cjson.encode({a={b={c={}}}})",
    "local t={} for i=1,1100 do t={t} end return cjson.encode(t)",
    "local t={} for i=1,500 do t={t} end return #cjson.encode(t)",
    "return type(cjson.null)",
    "return cjson.decode('[1,2,{\"a\":[]},null]')[3].a",
    "return cjson.decode('[null]')[1] == cjson.null",
    "return tostring(cjson.decode('[1.5e3]')[1])",
    "return cjson.decode('\"\\\\u00e9\\\\ud83d\\\\ude00\"')",
    "return cjson.decode('\"\\\\ud83d\"')",
    "return cjson.decode('\"\\\\q\"')",
    "return cjson.decode('\"abc')",
    "return cjson.decode('[1,]')",
    "return cjson.decode('{\"a\" 1}')",
    "return cjson.decode('{a:1}')",
    "return cjson.decode('{\"a\":1,}')",
    "return cjson.decode('{\"a\":1')",
    "return cjson.decode('[1 2]')",
    "return cjson.decode('1 2')",
    "return cjson.decode('')",
    "return cjson.decode('tru')",
    "return cjson.decode('-')",
    "return cjson.decode('0x1F')",
    "return cjson.decode('+1')",
    "return cjson.decode('a\\0')",
    "return cjson.decode({})",
    "return cjson.decode(12)",
    "return tostring(cjson.decode('nan'))",
    "return tostring(cjson.decode('-inf'))",
    "return cjson.decode(string.rep('[',1001))",
    "return {cjson.encode_sparse_array()}",
    "return {cjson.encode_sparse_array(true,1,1,1)}",
    "return cjson.encode_max_depth(0)",
    "return cjson.encode_max_depth('x')",
    "return cjson.encode_number_precision(20)",
    "return cjson.encode_invalid_numbers('maybe')",
    "return cjson.encode_keep_buffer()",
    'local x = cjson.decode(\'{"b":1,"a":2,"c":[1,{"x":null}],"d":"e"}\') return cjson.encode(x)',
    "return cmsgpack.pack(1,-1,127,128,255,256,65535,65536)",
    "return cmsgpack.pack(4294967296,-32,-33,-128,-129,-32769,-2147483649)",
    "return cmsgpack.pack(1.5,0.1,1e300,true,false,nil)",
    "return cmsgpack.pack('', string.rep('a',31), string.rep('b',32), string.rep('c',300))",
    "return cmsgpack.pack({}, {1,2,3}, {a=1}, {1,nil,3})",
    "return cmsgpack.pack()",
    "local t={} for i=1,20 do t={t} end return cmsgpack.pack(t)",
    "return {cmsgpack.unpack(cmsgpack.pack(1,-5,'x',{1,2,{3}},70000,-70000))}",
    "return {cmsgpack.unpack('\\193')}",
    "return {cmsgpack.unpack('\\146\\1')}",
    "return {cmsgpack.unpack('')}",
    "return {cmsgpack.unpack_one('\\1\\2\\3')}",
    "return {cmsgpack.unpack_one('\\1\\2\\3',2)}",
    "return {cmsgpack.unpack_limit('\\1\\2\\3',2)}",
    "return {cmsgpack.unpack_limit('\\1\\2\\3',2,-1)}",
    "return {cmsgpack.unpack_limit('\\1\\2\\3',2,9)}",
    "return {cmsgpack.unpack_limit('\\1\\2\\3')}",
    "return cmsgpack.unpack({})",
    "return struct.pack('>bBhHlLi4I3',1,2,3,4,5,6,7,8)",
    "return struct.pack('<!4bibd',1,2,3,1.5)",
    "return struct.pack('!bi8',1,2)",
    "return struct.pack('fd',1.5,-2.5)",
    "return struct.pack('sc0c2','abc','def','xyz')",
    "return struct.pack('c5','abc')",
    "return struct.pack('z',1)",
    "return struct.pack('i33',1)",
    "return struct.pack('!3',1)",
    "return struct.pack('i')",
    "return struct.pack('i','x')",
    "return struct.pack('I',-1)",
    "return {struct.unpack('>bBhHi4I3','\\255\\2\\255\\3\\0\\4\\255\\255\\255\\5\\0\\0\\9')}",
    "return {struct.unpack('bc0s','\\3abcxyz\\0')}",
    "return {struct.unpack('c0','abc')}",
    "return {struct.unpack('s','abc')}",
    "return {struct.unpack('i','abc')}",
    "return {struct.unpack('b','abc',3)}",
    "return {struct.unpack('b','abc',0)}",
    "return {struct.unpack('b','abc',9)}",
    "return struct.size('!bi8hx')",
    "return struct.size('s')",
    "return struct.size('c0')",
    "return struct.size('i99999999999')",
    "return {bit.tobit(0xffffffff),bit.tobit(2^40+5),bit.tobit(-1.5),bit.bnot(0)}",
    "return {bit.band(255,15,6),bit.bor(1,2,4),bit.bxor(7,2)}",
    "return {bit.tohex(255),bit.tohex(-1,4),bit.tohex(255,-4),bit.tohex(1,99)}",
    "return {bit.lshift(1,31),bit.rshift(-1,28),bit.arshift(-256,4)}",
    "return {bit.rol(0x12345678,12),bit.ror(0x12345678,12),bit.bswap(0x12345678)}",
    "return bit.band()",
    "return bit.band('x')",
    "return bit.lshift(1)",
    "return bit.tobit('0x10')",
    "return bit.band({},1)",
    "local a=1\nlocal b=bit.band({},1)",
]

FIXED: list[Words] = [
    ("EVAL", "return {1,2,'x',false,{ok='fine'},3.7,true}", "0"),
    ("EVAL", "return redis.call('SET',KEYS[1],ARGV[1])", "1", "k", "v"),
    ("EVAL", "return redis.call('GET','none') == false", "0"),
    ("EVAL", "return redis.call('INCR','k')", "0"), ("EVAL", "return redis.pcall('INCR','k')", "0"),
    ("EVAL", "local a=1\nredis.call('INCR','k')", "0"), ("EVAL", "x=1", "0"),
    ("EVAL", "return x", "0"), ("EVAL", "error('boom')", "0"), ("EVAL", "return 1 +", "0"),
    ("EVAL", "return {err='MYERR x'}", "0"), ("EVAL", "return redis.error_reply('MY x')", "0"),
    ("EVAL", "return redis.error_reply('x')", "0"), ("EVAL", "return 1", "x"),
    ("EVAL", "return redis.status_reply('fine')", "0"), ("EVAL", "return redis.sha1hex('a')", "0"),
    ("EVAL", "return 1", "-1"), ("EVAL", "return 1", "5", "a"), ("EVALSHA", "ffff", "0"),
    ("EVAL", "redis.call('SET','n',1e20) return redis.call('GET','n')", "0"),
    ("SCRIPT", "LOAD", "return 7"), ("SCRIPT", "LOAD", "return 1 +"), ("SCRIPT", "LOAD"),
    ("EVALSHA", "59B6AB2FBE0EE4B25733DE0F62E6CDA4899EF8E9", "0"), ("SCRIPT", "FLUSH"),
    ("EVALSHA", "59b6ab2fbe0ee4b25733de0f62e6cda4899ef8e9", "0"),
    ("EVAL", "redis.call('SELECT','3') return redis.call('SET','z',1)", "0"), ("GET", "z"),
]  # fmt: skip

#: Errors of redis.call itself, as 7.0 words them.
CALLS: list[Words] = [
    ("EVAL", f"return redis.{call}({words})", "0")
    for call in ("call", "pcall")
    for words in ("'NOSUCH'", "'GET'", "", "{}", "'EVAL','return 1','0'")
]


@pytest.mark.parametrize("release", RELEASES)
def test_scripts(tmp_path: Path, release: str) -> None:
    with pair(release, tmp_path) as (real, ours):
        assert_same(real, ours, FIXED)
        assert_same(real, ours, [("EVAL", script, "0") for script in LIBRARIES])
        if release == "7.0":
            assert_same(real, ours, [*CALLS, ("EVAL", "error({err='MY boom'})", "0")])
        assert_converges(ours, release)
