// npm run test:nodes [VERSION…]: the whole test suite on every Node that is supported, one after the other.
import { spawnSync } from 'node:child_process';

/** The oldest that is supported, the lines with long-term support, and the newest. */
const VERSIONS = ['20.19.0', '22', '24', 'latest'];

const versions = process.argv.slice(2);
const failed: string[] = [];
for (const version of versions.length > 0 ? versions : VERSIONS) {
  console.log(`\nNode ${version}`);
  const { status } = spawnSync('npx', ['--yes', '--package', `node@${version}`, '--call', 'node -v && npm test'], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) failed.push(version);
}
console.log(failed.length > 0 ? `\nFailed on Node ${failed.join(', ')}.` : '\nPassed on all.');
process.exitCode = failed.length > 0 ? 1 : 0;
