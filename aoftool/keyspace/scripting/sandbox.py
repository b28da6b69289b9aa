"""The Lua source that makes a fresh Lua 5.1 a sandbox; see ``runtime``."""

#: Called with a table of Python functions; gives the functions ``compile`` and ``execute``.
SANDBOX = rb"""
-- Runs once in a fresh Lua 5.1: leaves a script nothing but what Redis leaves it.
-- Called with a table of Python functions; none of them, and no other Python object, ever gets
-- into a script's hands: each stands behind a Lua function that converts its arguments.
local host = ...
local G = _G

local loadstring, error, type, tostring, pcall = loadstring, error, type, tostring, pcall
local rawget, rawset, select, setmetatable, debug = rawget, rawset, select, setmetatable, debug
local string, pairs, unpack = string, pairs, unpack
local getinfo, xpcall = debug.getinfo, xpcall

-- Compiled code could do anything: only source is loaded.
local function load_source(text, name)
    if type(text) == "string" and string.byte(text, 1) == 27 then
        return nil, "only source is loaded"
    end
    return loadstring(text, name)
end

local function load_parts(reader, name)
    local parts, count = {}, 0
    while true do
        local part = reader()
        if part == nil or part == "" then
            return load_source(table.concat(parts), name)
        end
        count = count + 1
        parts[count] = part
    end
end

local safe = {}
for _, name in ipairs({
    "_VERSION", "assert", "error", "gcinfo", "getfenv", "getmetatable", "ipairs", "next", "pairs",
    "pcall", "rawequal", "rawget", "rawset", "select", "setfenv", "setmetatable", "tonumber",
    "tostring", "type", "unpack", "xpcall", "coroutine", "math", "string", "table",
    "collectgarbage",
}) do
    safe[name] = G[name]
end
safe.loadstring, safe.load = load_source, load_parts
if host.modern then
    safe.os = { clock = os.clock }
end
string.dump = nil
for name in pairs(G) do
    G[name] = nil
end
for name, value in pairs(safe) do
    G[name] = value
end
G._G = G

-- redis.*
local redis = {}
G.redis = redis

local function describe(value)
    local kind = type(value)
    if kind == "number" then
        -- As lua_Number is printed for arguments: integers in full, else 17 digits.
        if value == math.floor(value) and value > -1e17 and value < 1e17 then
            return string.format("%.0f", value)
        end
        return string.format("%.17g", value)
    end
    return kind == "string" and value or nil
end

local function arguments(...)
    local count = select("#", ...)
    if count == 0 then
        return nil, host.no_arguments
    end
    local words = {}
    for at = 1, count do
        local word = describe((select(at, ...)))
        if word == nil then
            return nil, "Lua redis lib command arguments must be strings or integers"
        end
        words[at] = word
    end
    return words
end

local function run(...)
    local words, wrong = arguments(...)
    if words == nil then
        return { err = host.lib_error(wrong) }
    end
    return host.call(words)
end

function redis.pcall(...)
    return run(...)
end

function redis.call(...)
    local reply = run(...)
    if type(reply) == "table" and rawget(reply, "err") ~= nil then
        error(host.modern and reply or reply.err, 0)
    end
    return reply
end

local function one_string(name, field)
    return function(...)
        if select("#", ...) ~= 1 or type((...)) ~= "string" then
            return { err = "ERR wrong number or type of arguments" }
        end
        return { [field] = host[name]((...)) }
    end
end
redis.error_reply = one_string("error_text", "err")
redis.status_reply = one_string("status_text", "ok")

function redis.sha1hex(...)
    if select("#", ...) ~= 1 then
        error("wrong number of arguments")
    end
    return host.sha1hex(describe((...)) or "")
end

redis.LOG_DEBUG, redis.LOG_VERBOSE, redis.LOG_NOTICE, redis.LOG_WARNING = 0, 1, 2, 3
function redis.log(level, ...)
    local words = {}
    for at = 1, select("#", ...) do
        words[at] = describe((select(at, ...))) or ""
    end
    host.log(level, table.concat(words, " "))
end

redis.REPL_NONE, redis.REPL_AOF, redis.REPL_ALL = 0, 1, 3
redis.REPL_SLAVE, redis.REPL_REPLICA = 2, 2
function redis.set_repl(flags) host.set_repl(flags) end
function redis.replicate_commands() return true end
function redis.breakpoint() return false end
function redis.debug() end
function redis.setresp(version)
    if version ~= 2 and version ~= 3 then
        error("RESP version must be 2 or 3.")
    end
    host.setresp(version)
end

-- Functions of libraries (FUNCTION LOAD): 'registering' is a table while a library is loaded.
local registering = nil
function redis.register_function(...)
    if registering == nil then
        error("redis.register_function can only be called on FUNCTION LOAD command", 2)
    end
    local row = ...
    if select("#", ...) == 2 then
        local name, callback = ...
        row = { function_name = name, callback = callback }
    elseif select("#", ...) ~= 1 or type(row) ~= "table" then
        error("wrong number of arguments to redis.register_function", 2)
    end
    local flags, read_only = row.flags or {}, false
    for _, flag in ipairs(flags) do
        read_only = read_only or flag == "no-writes"
    end
    local name = row.function_name
    if type(name) ~= "string" or type(row.callback) ~= "function" then
        error("redis.register_function must get a function name and a callback", 2)
    end
    if registering[name] then
        error("Function already exists in the library", 2)
    end
    registering[name] = { callback = row.callback, read_only = read_only }
end

function math.random(low, high)
    local chance = host.random()
    if low == nil then
        return chance
    end
    if high == nil then
        low, high = 1, low
    end
    if low > high then
        error("bad argument #1 to 'random' (interval is empty)", 2)
    end
    return math.floor(chance * (high - low + 1)) + low
end
function math.randomseed(seed) host.randomseed(seed) end

-- Where the script stands, as C's luaL_error puts it before a text: no more is known of a call
-- whose result is returned at once (Lua forgets the caller), unless the script is one line.
local single_line = nil
local function position()
    local at = getinfo(4, "Sl")  -- 2 is 'finish', 3 the library's function
    if at and at.what == "Lua" or at and at.what == "main" then
        return at.short_src .. ":" .. at.currentline .. ": "
    end
    return single_line and single_line .. ": " or ""
end

-- Where an error was raised, as "user_script:1"; kept by the handler of errors.
local failed_at, replaced = nil, 0
local function handler(reason)
    failed_at = single_line
    local skipped = replaced
    replaced = 0
    for level = 2, 6 do
        local at = getinfo(level, "Sl")
        if at == nil or at.what == "tail" and skipped == 0 then
            break
        elseif at.what == "tail" then
            skipped = skipped - 1  -- the library's function, which 'finish' has replaced
        elseif at.what ~= "C" and at.short_src ~= "sandbox" then
            failed_at = at.short_src .. ":" .. at.currentline
            break
        end
    end
    return reason
end

local function finish(fine, ...)
    if fine == false then
        replaced = 1
        error(position() .. (...), 0)
    end
    return ...
end

-- Libraries written as Python functions of plain values: name, function, names of the functions.
for library, functions in pairs(host.libraries) do
    local face = {}
    for name, call in pairs(functions) do
        face[name] = function(...)
            return finish(call(...))
        end
    end
    G[library] = face
end
G.cjson.null, G.cjson._NAME, G.cjson._VERSION = host.null, "cjson", "2.1.0"
G.cmsgpack._NAME, G.cmsgpack._VERSION = "cmsgpack", "lua-cmsgpack 0.4.0"

-- Globals are fixed from here on: a script that makes one has forgotten a 'local'.
setmetatable(G, {
    __newindex = function()
        error("Attempt to modify a readonly table", 2)
    end,
    __index = function(_, name)
        -- The bridge to Python looks for 'debug' itself, outside of any protected call.
        if name ~= "lua" and name ~= "debug" then
            local shown = tostring(name)
            error("Script attempted to access nonexistent global variable '" .. shown .. "'", 2)
        end
    end,
})

local sethook = debug.sethook

-- Compiles a script: its function, or nil and the reason.
local function compile(text, name)
    return load_source(text, name)
end

-- Stops the script once it is to stop: from then on, every line of its own raises the reason.
local function watch()
    local reason = host.interrupted()
    if reason then
        local function stop()
            local at = getinfo(2, "S")
            if at == nil or at.short_src ~= "sandbox" then
                error(reason, 0)
            end
        end
        sethook(stop, "l")
        stop()
    end
end

-- A coroutine has hooks of its own.
local wrap, create = coroutine.wrap, coroutine.create
function coroutine.create(body)
    local thread = create(body)
    sethook(thread, watch, "", 100000)
    return thread
end
function coroutine.wrap(body)
    if type(body) ~= "function" then
        return wrap(body)
    end
    return wrap(function(...)
        sethook(watch, "", 100000)
        return body(...)
    end)
end

-- Runs a function that can be stopped from outside: true and its result, or false and the error.
local function guarded(script, ...)
    sethook(watch, "", 100000)
    local count, args = select("#", ...), { ... }
    failed_at = nil
    local ok, result = xpcall(function() return script(unpack(args, 1, count)) end, handler)
    sethook()
    if ok then
        return ok, result
    end
    return ok, result, failed_at
end

-- Runs a compiled script with its KEYS and ARGV.
local function execute(script, keys, argv, place)
    single_line = place
    rawset(G, "KEYS", keys)
    rawset(G, "ARGV", argv)
    return guarded(script)
end

-- Runs a library's source: true and its functions by name, or false and the error.
local function load_library(text)
    local script, reason = load_source(text, "@user_function")
    if script == nil then
        return false, reason
    end
    registering = {}
    local found = registering
    local ok, result = guarded(script)
    registering = nil
    return ok, ok and found or result
end

-- Runs a function of a library with its keys and arguments.
local function call_function(callback, keys, argv)
    return guarded(callback, keys, argv)
end

return compile, execute, load_library, call_function
"""
