/**
 * What a library gets instead of `redis` while it is debugged. It is a chunk of its own, so that the server's debugger,
 * which stops in the script only, never shows it. Without comments: it becomes one line.
 *
 * It collects what the library registers; keeps readers of variables, since the server prints six digits of a number and
 * no text as it is; and runs what is asked, with errors caught: an error table without a text ends a server process.
 * The debugger finds it by the metatable of KEYS: the only table that both it and the function's caller can reach.
 */
export const SHIM = `
local r, keys, args, count = ...
local type, next, format, pcall, select, unpack, loadstring = type, next, string.format, pcall, select, unpack, loadstring
local tonumber, char, concat, tostring = tonumber, string.char, table.concat, tostring
local functions, scopes, code, left = {}, {}, {}, 0
local function escape(s)
  return (s:gsub('[^%w_]', function(c) return format('%%%02x', c:byte()) end))
end
local function write(v, depth, out)
  local kind = type(v)
  left = left - 1
  if kind == 'number' then out[#out + 1] = 'n' .. format('%.17g', v) .. ';'
  elseif kind == 'string' and #v > 4096 then out[#out + 1] = 'l' .. #v .. ':' .. escape(v:sub(1, 4096)) .. ';'
  elseif kind == 'string' then out[#out + 1] = 's' .. escape(v) .. ';'
  elseif kind == 'boolean' then out[#out + 1] = 'b' .. tostring(v) .. ';'
  elseif kind == 'nil' then out[#out + 1] = 'z;'
  elseif kind ~= 'table' then out[#out + 1] = 'x' .. kind .. ';'
  elseif depth > 8 or left < 0 then out[#out + 1] = '~;'
  else
    out[#out + 1] = '{'
    for k, item in next, v do
      if left < 0 then break end
      write(k, depth + 1, out)
      write(item, depth + 1, out)
    end
    out[#out + 1] = '}'
  end
end
local function encode(v)
  left = 5000
  local out = {}
  write(v, 1, out)
  return concat(out)
end
local debugger = {}
debugger.get = function(id, ...)
  local out = {}
  for i = 1, select('#', ...) do
    local read = scopes[id] and scopes[id][select(i, ...)]
    out[i] = read and encode(read()) or '?;'
  end
  return concat(out)
end
debugger.add = function(text)
  code[#code + 1] = text:gsub('%%(%x%x)', function(hex) return char(tonumber(hex, 16)) end)
  return #code
end
debugger.run = function(...)
  local text, names, values, n = concat(code), {}, {}, select('#', ...) / 2
  code = {}
  for i = 1, n do
    local id, name = select(2 * i - 1, ...)
    local read = scopes[id] and scopes[id][name]
    names[i], values[i] = name, read and read()
  end
  local head = n > 0 and 'local ' .. concat(names, ',') .. '=... ' or ''
  local run, problem = loadstring(head .. 'return ' .. text, '@evaluated')
  if not run then run, problem = loadstring(head .. text, '@evaluated') end
  if not run then return 'E' .. encode(problem) end
  local ok, result = pcall(run, unpack(values, 1, n))
  if ok then return 'V' .. encode(result) end
  return 'E' .. encode(type(result) == 'table' and result.err or result)
end
for i = #args, count + 1, -1 do args[i] = nil end
setmetatable(keys, { debugger = debugger })
local facade = { __functions = functions }
facade.__unknown = function()
  local names = {}
  for name in next, functions do names[#names + 1] = name end
  table.sort(names)
  return r.error_reply('ERR Function not found. The file has: ' .. concat(names, ', '))
end
facade.register_function = function(a, b)
  if type(a) == 'table' then functions[a.function_name] = a.callback else functions[a] = b end
end
facade.log = function(...)
  r.debug('log', encode({ ... }))
  return r.log(...)
end
local function declare(id, readers, isEntry)
  local scope = not isEntry and scopes[id] or {}
  scopes[id] = scope
  for name, read in next, readers do scope[name] = read end
end
return declare, setmetatable(facade, { __index = r })
`.trim();
