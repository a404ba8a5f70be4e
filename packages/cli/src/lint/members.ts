const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

const SERVER = words(`
  call pcall error_reply status_reply sha1hex log setresp set_repl acl_check_cmd register_function
  LOG_DEBUG LOG_VERBOSE LOG_NOTICE LOG_WARNING REPL_ALL REPL_AOF REPL_SLAVE REPL_REPLICA REPL_NONE
  REDIS_VERSION REDIS_VERSION_NUM SERVER_NAME SERVER_VERSION SERVER_VERSION_NUM VALKEY_VERSION VALKEY_VERSION_NUM
`);

/** What the tables have that functions find, on any server. Others of their names are nil. */
export const MEMBERS: Readonly<Record<string, ReadonlySet<string>>> = {
  redis: SERVER,
  server: SERVER,
  os: words('clock'),
  string: words('byte char dump find format gfind gmatch gsub len lower match rep reverse sub upper'),
  table: words('concat foreach foreachi getn insert maxn remove setn sort'),
  math: words(`
    abs acos asin atan atan2 ceil cos cosh deg exp floor fmod frexp huge ldexp log log10 max min mod modf pi pow rad random
    randomseed sin sinh sqrt tan tanh
  `),
  coroutine: words('create resume running status wrap yield'),
  bit: words('arshift band bnot bor bswap bxor lshift rol ror rshift tobit tohex'),
  cjson: words(`
    decode decode_array_with_array_mt decode_invalid_numbers decode_max_depth encode encode_invalid_numbers
    encode_keep_buffer encode_max_depth encode_number_precision encode_sparse_array new null array_mt empty_array
    empty_array_mt _NAME _VERSION
  `),
  cmsgpack: words('pack unpack unpack_limit unpack_one _COPYRIGHT _DESCRIPTION _NAME _VERSION safe'),
  struct: words('pack size unpack'),
};

/** What Redis does not have of `redis`: while a library is loaded, to read it is an error there. */
export const OF_VALKEY = words('SERVER_NAME SERVER_VERSION SERVER_VERSION_NUM VALKEY_VERSION VALKEY_VERSION_NUM');
