-- Of what Redis from 7.0 on and Valkey all give a function (asked on 7.0, 8.0 and Valkey 9.1), what a library may use: there
-- is no io, require or print; os and server are not everywhere; math.random repeats after a restart.
stds.redis_functions = {
  read_globals = {
    'assert', 'error', 'getmetatable', 'ipairs', 'load', 'loadstring', 'next', 'pairs', 'pcall', 'rawequal', 'rawget',
    'rawset', 'select', 'setmetatable', 'tonumber', 'tostring', 'type', 'unpack', 'xpcall',
    math = { fields = {
      'abs', 'acos', 'asin', 'atan', 'atan2', 'ceil', 'cos', 'cosh', 'deg', 'exp', 'floor', 'fmod', 'frexp', 'huge',
      'ldexp', 'log', 'log10', 'max', 'min', 'modf', 'pi', 'pow', 'rad', 'sin', 'sinh', 'sqrt', 'tan', 'tanh',
    } },
    string = { fields = {
      'byte', 'char', 'find', 'format', 'gmatch', 'gsub', 'len', 'lower', 'match', 'rep', 'reverse', 'sub', 'upper',
    } },
    table = { fields = { 'concat', 'insert', 'maxn', 'remove', 'sort' } },
    redis = { fields = {
      'LOG_DEBUG', 'LOG_NOTICE', 'LOG_VERBOSE', 'LOG_WARNING', 'REDIS_VERSION', 'REDIS_VERSION_NUM', 'REPL_ALL',
      'REPL_AOF', 'REPL_NONE', 'REPL_REPLICA', 'REPL_SLAVE', 'acl_check_cmd', 'call', 'error_reply', 'log', 'pcall',
      'register_function', 'set_repl', 'setresp', 'sha1hex', 'status_reply',
    } },
    cjson = { fields = {
      'decode', 'decode_invalid_numbers', 'decode_max_depth', 'encode', 'encode_invalid_numbers', 'encode_keep_buffer',
      'encode_max_depth', 'encode_number_precision', 'encode_sparse_array', 'new', 'null',
    } },
    cmsgpack = { fields = { 'pack', 'unpack', 'unpack_limit', 'unpack_one' } },
    bit = { fields = {
      'arshift', 'band', 'bnot', 'bor', 'bswap', 'bxor', 'lshift', 'rol', 'ror', 'rshift', 'tobit', 'tohex',
    } },
    struct = { fields = { 'pack', 'size', 'unpack' } },
  },
}
std = 'redis_functions'
max_line_length = 120
