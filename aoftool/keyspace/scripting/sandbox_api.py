"""The Lua source of ``redis.*`` and of the libraries' faces; runs behind ``sandbox``."""

#: Called with the host's functions and the table that the sandbox has filled.
API = rb"""
local host, box = ...

local error, type, tostring, tonumber, select = error, type, tostring, tonumber, select
local rawget, pairs, ipairs, pcall = rawget, pairs, ipairs, pcall
local format, concat, floor = string.format, table.concat, math.floor
local fail, outside, read_only, raise = box.fail, box.outside, box.read_only, box.raise

-- What leaves Lua must not meet the limit of its memory: no error can be raised there.
local unbounded, bounded = host.unbounded, host.bounded

local function word(value)
    local kind = type(value)
    if kind == "number" then
        return format("%.17g", value)
    end
    return kind == "string" and value or nil
end

-- An error that the library itself finds, as redis.pcall gives it.
local function refusal(why)
    if host.modern then
        return { err = "ERR " .. why, ignore_error_stats_update = true }
    end
    local at = outside()
    if at == nil then
        return { err = why }
    end
    return { err = at.source .. ": " .. at.currentline .. ": " .. why }
end

local function words_of(...)
    local words, count = {}, select("#", ...)
    for at = 1, count do
        words[at] = word((select(at, ...)))
        if words[at] == nil then
            return nil, host.mistyped
        end
    end
    if count == 0 then
        return nil, host.no_arguments
    end
    return words
end

local redis = {}

-- Its reply; an error as a table err.
local function run(...)
    local words, wrong = words_of(...)
    if words == nil then
        return refusal(wrong)
    end
    unbounded()
    local reply, refused = host.call(words)
    bounded()
    if refused then
        return refusal(refused)
    end
    return reply
end

function redis.pcall(...)
    local reply = run(...)
    return reply
end

function redis.call(...)
    local reply = run(...)
    if type(reply) == "table" and reply.err ~= nil then
        error(host.modern and reply or reply.err, 0)
    end
    return reply
end

local function one_string(field, text_of)
    return function(...)
        if select("#", ...) ~= 1 or type((...)) ~= "string" then
            local refused = refusal("wrong number or type of arguments")
            return refused
        end
        return { [field] = text_of((...)) }
    end
end

-- 7.0 and later: ERR before a text that has no code.
local function with_code(text)
    if not host.modern then
        return text
    end
    text = text:gsub("^%-", "")
    return text:find(" ", 1, true) and text or "ERR " .. text
end

redis.error_reply = one_string("err", with_code)
redis.status_reply = one_string("ok", function(text) return text end)

function redis.sha1hex(...)
    if select("#", ...) ~= 1 then
        raise("wrong number of arguments")
    end
    local kind = type((...))
    unbounded()
    local name = host.sha1hex((kind == "number" or kind == "string") and tostring((...)) or "")
    bounded()
    return name
end

redis.LOG_DEBUG, redis.LOG_VERBOSE, redis.LOG_NOTICE, redis.LOG_WARNING = 0, 1, 2, 3
function redis.log(...)
    local count = select("#", ...)
    if count < 2 then
        raise("redis.log() requires two arguments or more.")
    end
    local level = tonumber((...))
    if level == nil then
        raise("First argument must be a number (log level).")
    elseif level < 0 or level >= 4 then
        raise("Invalid debug level.")
    end
    local words = {}
    for at = 2, count do
        local value = select(at, ...)
        if type(value) == "number" or type(value) == "string" then
            words[#words + 1] = tostring(value)
        end
    end
    unbounded()
    host.log(floor(level), concat(words, " "))
    bounded()
end

redis.REPL_NONE, redis.REPL_AOF, redis.REPL_ALL = 0, 1, 3
redis.REPL_SLAVE, redis.REPL_REPLICA = 2, 2
function redis.set_repl(...)
    if select("#", ...) ~= 1 then
        raise("redis.set_repl() requires two arguments.")
    end
    local flags = tonumber((...)) or 0
    if flags < 0 or flags >= 4 then
        raise("Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.")
    end
    host.set_repl(floor(flags))
end

function redis.setresp(...)
    if select("#", ...) ~= 1 then
        raise("redis.setresp() requires one argument.")
    end
    local version = tonumber((...)) or 0
    if floor(version) ~= 2 and floor(version) ~= 3 then
        raise("RESP version must be 2 or 3.")
    end
    host.setresp(floor(version))
end

if host.modern then
    redis.REDIS_VERSION, redis.REDIS_VERSION_NUM = host.version, host.version_number
    function redis.acl_check_cmd(...)
        local words, wrong = words_of(...)
        if words == nil then
            raise(wrong)
        end
        unbounded()
        local allowed = host.may_call(words)
        bounded()
        if allowed == nil then
            raise("Invalid command passed to redis.acl_check_cmd()")
        end
        return allowed
    end
end

-- Chance is the same everywhere: Redis's own generator, a copy of drand48 (rand.c).
function math.random(...)
    local low, high = ...
    local count = select("#", ...)
    if count > 2 then
        fail("wrong number of arguments")
    end
    for at = 1, count do
        local given = select(at, ...)
        if tonumber(given) == nil then
            local got = "' (number expected, got " .. type(given) .. ")"
            fail("bad argument #" .. at .. " to 'random" .. got)
        end
    end
    local chance = host.random()
    if count == 0 then
        return chance
    end
    low, high = floor(tonumber(low)), floor(tonumber(high or low))
    if count == 1 then
        low = 1
    end
    if low > high then
        fail("bad argument #" .. count .. " to 'random' (interval is empty)")
    end
    return floor(chance * (high - low + 1)) + low
end

function math.randomseed(...)
    local seed = ...
    if tonumber(seed) == nil then
        local given = select("#", ...) == 0 and "no value" or type(seed)
        fail("bad argument #1 to 'randomseed' (number expected, got " .. given .. ")")
    end
    host.randomseed(tonumber(seed))
end

-- Libraries written as Python functions of plain values: name, function, names of the functions.
local function finish(fine, ...)
    bounded()
    if fine == false then
        fail((...))
    end
    return ...
end

local function face(functions)
    local shown = {}
    for name, call in pairs(functions) do
        shown[name] = function(...)
            unbounded()
            return finish(call(...))
        end
    end
    return shown
end

local function json()
    unbounded()
    local functions = host.new_json()
    bounded()
    local shown = face(functions)
    shown.null, shown._NAME, shown._VERSION = host.null, "cjson", "2.1.0"
    shown.new = json
    return shown
end

for name, functions in pairs(host.libraries) do
    box.libraries[name] = face(functions)
end
local pack = box.libraries.cmsgpack
pack._NAME, pack._VERSION = "cmsgpack", "lua-cmsgpack 0.4.0"
pack._COPYRIGHT = "Copyright (C) 2012, Salvatore Sanfilippo"
pack._DESCRIPTION = "MessagePack C implementation for Lua"
box.libraries.cjson = json()
for _, name in ipairs({ "coroutine", "math", "string", "table" }) do
    box.libraries[name] = _G[name]
end
for name, held in pairs(box.libraries) do
    box.libraries[name] = read_only(held)
end

-- The globals of scripts, and those of functions while they are loaded and when they are called.
local function copy(held, left_out)
    local found = {}
    for name, value in pairs(held) do
        found[name] = value
    end
    for _, name in ipairs(left_out or {}) do
        found[name] = nil
    end
    return found
end

local in_function = copy(redis)
function redis.replicate_commands() return true end
function redis.breakpoint() return false end
function redis.debug() end

local script = box.base(box.only_6 or {})
script.__redis__err__handler = function(reason) return reason end
script.redis = read_only(redis)
box.script, box.for_scripts = script, box.globals(script)
script._G = box.for_scripts

local called = box.base({ redis = read_only(in_function) })
box.for_functions, box.called = box.globals(called), called
called._G = box.for_functions

local loading_redis = {
    register_function = box.register_function, log = redis.log,
    LOG_DEBUG = 0, LOG_VERBOSE = 1, LOG_NOTICE = 2, LOG_WARNING = 3,
    REDIS_VERSION = redis.REDIS_VERSION, REDIS_VERSION_NUM = redis.REDIS_VERSION_NUM,
}
box.loading = { redis = box.globals(loading_redis) }
box.globals(box.loading)
box.close()
"""
