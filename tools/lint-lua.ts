// Every Lua file must parse as Lua 5.1, which is what the servers run; luacheck looks deeper where it is installed.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import luaparse from 'luaparse';
import { luaFolders } from './lua-folders.js';

const files = luaFolders().flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.lua'))
    .map((name) => relative(process.cwd(), join(folder, name))),
);
let failed = false;

for (const file of files) {
  try {
    // the first line is the server's; a comment in its place keeps the line numbers
    const code = readFileSync(file, 'utf8').replace(/^#!/, '--');
    luaparse.parse(code, { luaVersion: '5.1' });
  } catch (error) {
    // "[7:12] 'end' expected near …", where the first column is 0
    const { message } = error as Error;
    const [, line, column, reason] = /^\[(\d+):(\d+)\] (.*)$/s.exec(message) ?? [];
    console.error(`${file}:${line ? `${line}:${Number(column) + 1}: ${reason}` : ` ${message}`}`);
    failed = true;
  }
}

const luacheck = spawnSync('luacheck', ['--no-color', '--quiet', ...files], { stdio: 'inherit' });
if (luacheck.error) console.log('luacheck is not installed: Lua was parsed, and not checked further.');
else if (luacheck.status !== 0) failed = true;

console.log(`${files.length} Lua files.`);
process.exitCode = failed ? 1 : 0;
