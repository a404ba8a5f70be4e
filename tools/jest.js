// Runs jest with the flag that native ESM needs. A script rather than NODE_OPTIONS, so that it works in every shell.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
const node = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest, ...process.argv.slice(2)];
process.exit(spawnSync(process.execPath, node, { stdio: 'inherit' }).status ?? 1);
