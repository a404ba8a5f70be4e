// npm run test:nodes -- [VERSION…] [PATTERN…]: the tests on every Node that is supported, one after the other; those whose path
// matches a pattern, where there are some.
import { spawnSync } from 'node:child_process';

/** The oldest that is supported, the lines with long-term support, and the newest. */
const VERSIONS = ['20.19.0', '22', '24', 'latest'];

const given = process.argv.slice(2);
const isVersion = (word: string) => /^(\d+(\.\d+)*|latest|lts)$/.test(word);
const versions = given.filter(isVersion);
const patterns = given.filter((word) => !isVersion(word));
const failed: string[] = [];
for (const version of versions.length > 0 ? versions : VERSIONS) {
  console.log(`\nNode ${version}`);
  const test = ['node -v && npm test', ...(patterns.length > 0 ? ['--', ...patterns] : [])].join(' ');
  const { status } = spawnSync('npx', ['--yes', '--package', `node@${version}`, '--call', test], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) failed.push(version);
}
console.log(failed.length > 0 ? `\nFailed on Node ${failed.join(', ')}.` : '\nPassed on all.');
process.exitCode = failed.length > 0 ? 1 : 0;
