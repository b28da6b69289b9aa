"""The Lua source that makes a fresh Lua 5.1 a sandbox; ``runtime`` runs it before the others.

Scripts never see the true global table. What they get instead is empty and looks everything up in
tables behind it, so that Redis's read-only tables can be had in a Lua that knows of none.
"""

#: Called with the host's functions and a table that it fills for the chunks behind it.
SANDBOX = rb"""
local host, box = ...
local G = _G

-- What scripts change must not change what the sandbox itself calls.
local error, type, tostring, pcall, getmetatable = error, type, tostring, pcall, getmetatable
local rawget, rawset, select, setmetatable, next = rawget, rawset, select, setmetatable, next
local pairs, ipairs, loadstring, tonumber, rawequal = pairs, ipairs, loadstring, tonumber, rawequal
local getfenv, setfenv, xpcall = getfenv, setfenv, xpcall
local byte, rep, dump, gsub = string.byte, string.rep, string.dump, string.gsub
local concat, insert, foreach = table.concat, table.insert, table.foreach
local floor, getinfo, find, load = math.floor, debug.getinfo, string.find, load
local OURS = "=sandbox"

-- Places in the script

-- The first frame that is not the sandbox's own: who called a function of ours.
local function outside()
    local level, at = 3, getinfo(3, "Sln")
    local mine = true
    while at and (at.source == OURS or mine and at.what == "tail") do
        mine = at.source == OURS
        level = level + 1
        at = getinfo(level, "Sln")
    end
    return at
end

-- As luaL_where: the script's line, or nothing where C code called.
local function where()
    local at = outside()
    if at and at.currentline > 0 then
        return at.short_src .. ":" .. at.currentline .. ": "
    end
    return ""
end

local function fail(why)
    error(where() .. why, 0)
end

-- Results of a C function that stood behind pcall, or its error as if the script had called it.
-- Its caller may not end with this call.
local function results(ok, ...)
    if ok then
        return ...
    end
    local why = (...)
    local call = getinfo(2, "n")
    if call and call.name then
        why = gsub(why, "^bad argument #(%d+) to '%?'", function(at)
            at = call.namewhat == "method" and at - 1 or at
            return "bad argument #" .. at .. " to '" .. call.name .. "'"
        end)
    end
    if find(why, "^table index is ") then
        error(why, 0)
    end
    error(where() .. why, 0)
end

-- Read-only tables

local backing = {}  -- what a read-only table shows, by the table that scripts see
local faces = {}    -- its metatable, as scripts see it
local READ_ONLY = "Attempt to modify a readonly table"

local function refuse()
    fail(READ_ONLY)
end

-- An empty table that shows another one and cannot be written; 'face': its metatable for scripts.
local function read_only(held, face)
    local shown = {}
    backing[shown], faces[shown] = held, face
    return setmetatable(shown, { __index = held, __newindex = refuse })
end

local function nonexistent(_, name)
    fail("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'")
end

-- A table of globals: a name that it has not is an error. Also what it looks names up in, and its
-- own metatable.
local function globals(held)
    setmetatable(held, { __index = nonexistent })
    return read_only(held, read_only({ __index = nonexistent }))
end

-- Functions of the base library that scripts get with a guard

local safe = {}

function safe.rawget(...)
    local held, key = ...
    if select("#", ...) == 2 and type(held) == "table" then
        return rawget(backing[held] or held, key)
    end
    return (results(pcall(rawget, ...)))
end

function safe.rawset(...)
    local held = ...
    if held ~= nil and backing[held] then
        error(READ_ONLY, 0)
    end
    return (results(pcall(rawset, ...)))
end

function safe.next(...)
    local held, key = ...
    if held ~= nil and backing[held] then
        local at, value = results(pcall(next, backing[held], key))
        return at, value
    end
    local at, value = results(pcall(next, ...))
    return at, value
end

function safe.pairs(...)
    local held = ...
    if type(held) ~= "table" then
        return (results(pcall(pairs, ...)))
    end
    return backing[held] and safe.next or next, held, nil
end

function safe.getmetatable(...)
    local held = ...
    if type(held) == "string" then
        return box.of_strings
    elseif held ~= nil and backing[held] then
        return faces[held]
    end
    return (results(pcall(getmetatable, ...)))
end

function safe.setmetatable(...)
    local held = ...
    if held ~= nil and backing[held] then
        error(READ_ONLY, 0)
    end
    return (results(pcall(setmetatable, ...)))
end

function safe.tostring(...)
    if select("#", ...) > 0 and rawequal((...), host.null) then
        return "userdata: (nil)"  -- Redis's is a null pointer
    end
    return (results(pcall(tostring, ...)))
end

function table.insert(...)
    local held = ...
    if held ~= nil and backing[held] then
        error(READ_ONLY, 0)
    end
    return (results(pcall(insert, ...)))
end

function table.foreach(held, call)
    if type(held) == "table" and type(call) == "function" then
        local found = foreach(backing[held] or held, call)
        return found
    end
    return (results(pcall(foreach, held, call)))
end

-- A long count of nothing would take for ever, and what does not fit is known before.
function string.rep(...)
    local text, count = ...
    if (type(text) == "string" or type(text) == "number") and tonumber(count) then
        local size = #tostring(text)
        if size == 0 or tonumber(count) < 1 then
            return ""
        elseif size * tonumber(count) > host.memory() then
            error("not enough memory", 0)
        end
    end
    return (results(pcall(rep, ...)))
end

function string.dump(...)
    local call = ...
    if type(call) == "function" and getinfo(call, "S").source == OURS then
        fail("unable to dump given function")
    end
    return (results(pcall(dump, ...)))
end

-- Redis's tables err, of which pcall gives only the text (7.0 and later).
local function plain_error(ok, ...)
    local reason = ...
    if not ok and type(reason) == "table" and type(rawget(reason, "err")) == "string" then
        return ok, rawget(reason, "err")
    end
    return ok, ...
end

if host.modern then
    function safe.pcall(...)
        if select("#", ...) == 0 then
            return false, "attempt to call a boolean value"  -- what 7.0 puts in its place
        end
        return plain_error(pcall(...))
    end
end

-- Lua calls a handler of errors without hooks where a hook has raised the error: a script that is
-- being stopped gets no such call any more, it might never end.
function safe.xpcall(...)
    local call, handler = ...
    if select("#", ...) < 2 then
        return (results(pcall(xpcall, ...)))
    elseif type(handler) ~= "function" then
        return xpcall(call, handler)
    end
    return xpcall(call, function(reason)
        if box.stopping then
            return reason
        end
        return handler(reason)
    end)
end

-- Compiling

-- Source becomes a function of the script's globals. Compiled code is read as source, as in Redis:
-- it could do anything.
local function load_source(text, name)
    name = name or text
    if name == OURS or name == "@sandbox" then
        name = name .. "?"
    end
    if byte(text, 1) == 27 then
        text = " " .. text
    end
    local call, reason = loadstring(text, name)
    if call == nil then
        return nil, reason
    end
    host.unbounded()
    local kept = host.keep_callers(dump(call))
    host.bounded()
    return setfenv(loadstring(kept), box.environment)
end

function safe.loadstring(...)
    local text, name = ...
    local fine = type(name) == "string" or name == nil or type(name) == "number"
    if type(text) == "number" then
        text = tostring(text)
    end
    if type(text) ~= "string" or not fine then
        return (results(pcall(loadstring, ...)))
    end
    return load_source(text, name and tostring(name))
end

function safe.load(...)
    local reader, name = ...
    if type(reader) ~= "function" or name ~= nil and type(name) ~= "string" then
        return (results(pcall(load, ...)))
    end
    local parts, count = {}, 0
    while true do
        local ok, part = pcall(reader)
        if not ok then
            return nil, part
        elseif part == nil or part == "" then
            return load_source(concat(parts), name or "=(load)")
        elseif type(part) ~= "string" and type(part) ~= "number" then
            return nil, "reader function must return a string"
        end
        count = count + 1
        parts[count] = part
    end
end

-- Environments, which only Redis 6 lets scripts have: those of the sandbox stay hidden.
local function foreign(call)
    if type(call) ~= "function" then
        local level = tonumber(call) or 1
        if level == 0 then
            return nil
        end
        local base = 2
        while getinfo(base, "S").source == OURS do
            base = base + 1
        end
        local found = getinfo(base + floor(level) - 1, "f")
        call = found and found.func
    end
    if call and getinfo(call, "S").what ~= "C" and getinfo(call, "S").source ~= OURS then
        return call
    end
    return nil
end

local function get_environment(call)
    local found = foreign(call)
    return found and getfenv(found) or box.environment
end

local function set_environment(call, held)
    local found = foreign(call)
    if type(held) ~= "table" then
        fail("bad argument #2 to 'setfenv' (table expected, got " .. type(held) .. ")")
    elseif found == nil then
        fail("'setfenv' cannot change environment of given object")
    end
    return setfenv(found, held)
end

-- What every script has

local BASE = {
    "_VERSION", "assert", "error", "gcinfo", "ipairs", "pcall", "rawequal", "select", "tonumber",
    "type", "unpack", "collectgarbage",
}
local LIBRARIES = { "coroutine", "math", "string", "table", "bit", "cjson", "cmsgpack", "struct" }

-- The globals of scripts of one kind, as a plain table.
function box.base(extra)
    local held = {}
    for _, name in ipairs(BASE) do
        held[name] = G[name]
    end
    for name, value in pairs(safe) do
        held[name] = value
    end
    for _, name in ipairs(LIBRARIES) do
        held[name] = box.libraries[name]
    end
    for name, value in pairs(extra) do
        held[name] = value
    end
    return held
end

if not host.modern then
    box.only_6 = {
        getfenv = get_environment,
        setfenv = set_environment,
        print = function() end,
    }
end

-- Called last: what reaches outside is taken from the true globals too.
function box.close()
    getmetatable("").__index = string
    box.of_strings = read_only({ __index = box.libraries.string })
    for _, name in ipairs({
        "io", "os", "package", "require", "module", "dofile", "loadfile", "newproxy", "python",
        "lua", "_G",
    }) do
        G[name] = nil
    end
end

box.libraries, box.foreach = {}, foreach
box.read_only, box.globals, box.where, box.fail = read_only, globals, where, fail
box.outside, box.load_source, box.backing, box.ours = outside, load_source, backing, OURS
"""
