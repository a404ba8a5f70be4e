// The last line of .ci/run: what jest counted. Plain JavaScript, since it also runs where the installation failed.
import { readFileSync } from 'node:fs';
import { RESULTS } from './results-reporter.js';

try {
  const results = JSON.parse(readFileSync(RESULTS, 'utf8'));
  // a suite that failed before its first test has no test to count
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  console.log(`${results.numPassedTests} passed, ${failed} failed`);
} catch {
  console.log('No test ran.');
}
