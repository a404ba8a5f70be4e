/** Where libraries are looked at instead of on a server. */
export interface FileOption {
  /** A bundle, what dump has written, or Lua. */
  readonly file?: string;
}

export const FILE_OPTION = ['--file <file>', 'look into a bundle, a dump or a .lua file; no server is asked'] as const;
