"""The Lua source that runs scripts, stops them, and takes their results apart."""

#: Called with the host's functions and the table that the other chunks have filled; gives the
#: functions ``compile``, ``execute``, ``load_library`` and ``call_function``.
RUN = rb"""
local host, box = ...

local error, type, tostring, xpcall, pcall = error, type, tostring, xpcall, pcall
local rawget, rawset, next = rawget, rawset, next
local getmetatable, collectgarbage = debug.getmetatable, collectgarbage
local getinfo, sethook = debug.getinfo, debug.sethook
local wrap, create = coroutine.wrap, coroutine.create
local unbounded, bounded = host.unbounded, host.bounded
local backing, load_source, OURS = box.backing, box.load_source, box.ours
local STEPS = 100000

-- Stopping

-- Stops the script once it is to stop: from then on, every line of its own raises the reason.
local function watch()
    unbounded()
    local reason = host.interrupted()
    bounded()
    if reason then
        box.stopping = reason
        local function stop()
            local at = getinfo(2, "S")
            if at == nil or at.source ~= OURS then
                error(reason, 0)
            end
        end
        sethook(stop, "l")
        stop()
    end
end

-- A coroutine has hooks of its own.
function coroutine.create(...)
    local body = ...
    if type(body) ~= "function" then
        box.fail("bad argument #1 to 'create' (Lua function expected)")
    end
    local thread = create(body)
    sethook(thread, watch, "", STEPS)
    return thread
end

function coroutine.wrap(...)
    local body = ...
    if type(body) ~= "function" or getinfo(body, "S").what == "C" then
        box.fail("bad argument #1 to 'wrap' (Lua function expected)")
    end
    return wrap(function(...)
        sethook(watch, "", STEPS)
        return body(...)
    end)
end

-- Errors

-- Where an error was raised, as Redis's handler of errors sees it: the function that raised it, or
-- who called that one if it was C. Functions of ours stand for C functions.
local function raised_at()
    local level, at = 3, getinfo(3, "Sl")
    if at and at.what == "C" then
        level = level + 1
        at = getinfo(level, "Sl")
    end
    local mine = false
    while at and (at.source == OURS or mine and at.what == "tail") do
        mine = true
        level = level + 1
        at = getinfo(level, "Sl")
    end
    return at
end

local failure = nil
local function handler(reason)
    local at = raised_at()
    failure = { text = reason, source = at and at.source, line = at and at.currentline }
    return reason
end

-- The parts of an error for the host: its text or kind, and the place where it was raised.
local function described(reason)
    local at = failure or {}
    failure = nil
    local kind, text = type(reason), nil
    if kind == "table" then
        text = rawget(reason, "err")
        text = type(text) == "string" and text or nil
    elseif kind == "string" or kind == "number" then
        text = tostring(reason)
    end
    return kind, text, type(reason) == "boolean" and tostring(reason) or kind, at.source, at.line
end

-- Results

local DEEP = 7995  -- slots that Redis finds on Lua's stack
local function text_at(held, key, kind)
    local found = rawget(held, key)
    return type(found) == kind and found or nil
end

-- Which fields make a table a reply of another kind than an array.
local function special(held)
    local text = text_at(held, "err", "string")
    if text then return "err", text end
    text = text_at(held, "ok", "string")
    if text then return "ok", text end
    local number = text_at(held, "double", "number")
    if number then return "double", number end
    local inner = text_at(held, "map", "table")
    if inner then return "map", inner end
    inner = text_at(held, "set", "table")
    if inner then return "set", inner end
    if not host.modern then return nil end
    text = text_at(held, "big_number", "string")
    if text then return "big_number", text end
    inner = text_at(held, "verbatim_string", "table")
    if inner and text_at(inner, "format", "string") and text_at(inner, "string", "string") then
        return "verbatim_string", { inner.format, inner.string }
    end
    return nil
end

-- A result as two lists, kinds and values: no depth, no metatable, and no loop can harm.
local function flattened(result)
    local kinds, values, count = {}, {}, 0
    local function put(kind, value)
        count = count + 1
        kinds[count], values[count] = kind, value
    end
    local stack, top = {}, 0
    local function open(kind, held, key, used)
        put(kind, false)
        top = top + 1
        stack[top] = { kind = kind, held = held, key = key, used = used }
    end
    local function emit(value, used)
        local kind = type(value)
        if used >= DEEP then
            put("err", "ERR reached lua stack limit")
        elseif kind == "string" or kind == "number" or kind == "boolean" then
            put(kind, value)
        elseif kind ~= "table" then
            put("nil", false)
        else
            local name, inner = special(value)
            if name == "verbatim_string" then
                put("format", inner[1])
                put(name, inner[2])
            elseif name == "map" or name == "set" then
                open(name, backing[inner] or inner, nil, used + 3)
            elseif name then
                put(name, inner)
            else
                open("array", value, 0, used + 1)
            end
        end
    end
    emit(result, 0)
    while top > 0 do
        local frame = stack[top]
        local key, value
        if frame.kind == "array" then
            key = frame.key + 1
            value = rawget(frame.held, key)
            if value == nil then key = nil end
        else
            key, value = next(frame.held, frame.key)
        end
        frame.key = key
        if key == nil then
            put("end", false)
            stack[top] = nil
            top = top - 1
        else
            if frame.kind ~= "array" then emit(key, frame.used) end
            if frame.kind ~= "set" then emit(value, frame.used) end
        end
    end
    return count, kinds, values
end

-- Runs a function that can be stopped from outside: true and its result, or false and its error.
local function guarded(script, environment)
    box.environment = environment
    failure, box.stopping = nil, false
    collectgarbage("restart")
    if collectgarbage("count") * 2048 > host.memory() then
        collectgarbage()  -- what scripts before this one left behind
    end
    sethook(watch, "", STEPS)
    bounded()
    local ok, result = xpcall(script, handler)
    unbounded()
    sethook()
    if ok and box.stopping then
        return false, box.stopping  -- it has caught its end
    end
    return ok, result
end

local function outcome(ok, result)
    if not ok then
        return false, described(result)
    elseif type(result) == "string" or type(result) == "number" or type(result) == "boolean" then
        return true, type(result), result
    elseif type(result) ~= "table" then
        return true, "nil"
    end
    -- A table may hold itself twice: only the limit of memory ends that.
    bounded()
    local fine, count, kinds, values = pcall(flattened, result)
    unbounded()
    if not fine then
        return false, "string", count
    end
    return true, "table", count, kinds, values
end

-- Compiles a script: its function, or nil and the reason.
local function compile(text, name)
    box.environment = box.for_scripts
    return load_source(text, name)
end

-- Runs a compiled script with its KEYS and ARGV.
local function execute(script, keys, argv)
    rawset(box.script, "KEYS", keys)
    rawset(box.script, "ARGV", argv)
    return outcome(guarded(script, box.for_scripts))
end

-- While a library is loaded its globals are few.
local function load_library(text)
    box.environment = box.for_functions
    local shown = getmetatable(box.for_functions)
    local script, reason = load_source(text, "@user_function")
    if script == nil then
        return nil, reason
    end
    local found = {}
    box.register_into(found)
    shown.__index = box.loading
    local ok, result = guarded(script, box.for_functions)
    shown.__index = box.called
    if ok then
        return true, found
    end
    return false, described(result)
end

-- Runs a function of a library with its keys and arguments.
local function call_function(callback, keys, argv)
    -- C code must stand between our function and theirs, as in Redis: an error knows its caller.
    local function call()
        local result = box.foreach({ [keys] = argv }, callback)
        return result
    end
    return outcome(guarded(call, box.for_functions))
end

return compile, execute, load_library, call_function
"""
