// The last line of .ci/run: what jest counted.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Results {
  numPassedTests: number;
  numFailedTests: number;
  /** Suites that failed before their first test. */
  numRuntimeErrorTestSuites: number;
}

try {
  const file = fileURLToPath(new URL('../.cache/test-results.json', import.meta.url));
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(
    readFileSync(file, 'utf8'),
  ) as Results;
  console.log(`${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed`);
} catch {
  console.log('0 passed, 0 failed');
}
