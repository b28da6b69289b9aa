"""The Lua source of ``redis.register_function``; runs between ``sandbox`` and ``sandbox_api``."""

#: Called with the host's functions and the table that the sandbox has filled.
REGISTER = rb"""
local host, box = ...

local error, type, select, pairs, ipairs = error, type, select, pairs, ipairs
local format, floor = string.format, math.floor

-- An error that a function of Redis finds.
local function raise(why)
    if host.modern then
        error({ err = "ERR " .. why, ignore_error_stats_update = true }, 0)
    end
    error(why, 0)
end

-- What can be wrong with redis.register_function (luaRegisterFunction)
local WRONG = {
    name_type = "function_name argument given to redis.register_function "
        .. "must be a string",
    description_type = "description argument given to redis.register_function must be a string",
    callback_type = "callback argument given to redis.register_function must be a function",
    flags_type = "flags argument to redis.register_function must be a table "
        .. "representing function flags",
    argument = "unknown argument given to redis.register_function",
    no_name = "redis.register_function must get a function name argument",
    no_callback = "redis.register_function must get a callback argument",
    flag = "unknown flag given",
    count = "wrong number of arguments to redis.register_function",
    single = "calling redis.register_function with a single argument is "
        .. "only applicable to Lua table (representing named arguments).",
    first_type = "first argument to redis.register_function must be a string",
    second_type = "second argument to redis.register_function must be a function",
    bad_name = "Library names can only contain letters, numbers, or "
        .. "underscores(_) and must be at least one character long",
    twice = "Function already exists in the library",
}

-- Functions of libraries (FUNCTION LOAD): 'registering' is a table while a library is loaded.
local registering = nil
function box.register_into(found)
    registering = found
end

local FLAGS = {}
for _, name in ipairs({
    "no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys",
}) do
    FLAGS[name] = true
end

local function text_in(value)
    if type(value) == "number" then
        return format(value == floor(value) and "%.0f" or "%.17g", value)
    end
    return type(value) == "string" and value or nil
end

-- The named arguments of redis.register_function; raises what is wrong with them.
local function named(row)
    local name, callback, description, flags = nil, nil, nil, {}
    for key, value in pairs(row) do
        if key == "function_name" then
            name = text_in(value)
            if not name then
                raise(WRONG.name_type)
            end
        elseif key == "description" then
            description = text_in(value)
            if not description then
                raise(WRONG.description_type)
            end
        elseif key == "callback" then
            callback = value
            if type(value) ~= "function" then
                raise(WRONG.callback_type)
            end
        elseif key == "flags" then
            if type(value) ~= "table" then
                raise(WRONG.flags_type)
            end
            flags = value
        else
            raise(WRONG.argument)
        end
    end
    if not name then
        raise(WRONG.no_name)
    elseif not callback then
        raise(WRONG.no_callback)
    end
    local seen = {}
    for _, flag in ipairs(flags) do
        if not FLAGS[flag] then
            raise(WRONG.flag)
        end
        seen[flag] = true
    end
    return name, callback, description, seen
end

local function register_function(...)
    local count, name, callback, description, flags = select("#", ...), nil, nil, nil, {}
    if count == 0 or count > 2 then
        raise(WRONG.count)
    elseif count == 1 then
        if type((...)) ~= "table" then
            raise(WRONG.single)
        end
        name, callback, description, flags = named((...))
    else
        name, callback = ...
        name = text_in(name)
        if not name then
            raise(WRONG.first_type)
        elseif type(callback) ~= "function" then
            raise(WRONG.second_type)
        end
    end
    if not name:find("^[%w_]+$") then
        raise(WRONG.bad_name)
    elseif registering[name] then
        raise(WRONG.twice)
    end
    registering[name] = { callback = callback, description = description, flags = flags }
end

box.raise, box.register_function = raise, register_function
"""
