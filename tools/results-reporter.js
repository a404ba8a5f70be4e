// Writes what jest counted to .cache/test-results.json. Not --json, which loses everything where one failure is an error that
// refers to itself, as those of child_process do: JSON.stringify refuses it.
import { mkdirSync, writeFileSync } from 'node:fs';

export const RESULTS = new URL('../.cache/test-results.json', import.meta.url);

export default class ResultsReporter {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, testResults }) {
    const failed = testResults.flatMap(({ testFilePath, testResults: tests, testExecError }) => [
      ...(testExecError ? [testFilePath] : []),
      ...tests.filter(({ status }) => status === 'failed').map(({ fullName }) => `${testFilePath}: ${fullName}`),
    ]);
    const counts = { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, failed };
    mkdirSync(new URL('.', RESULTS), { recursive: true });
    writeFileSync(RESULTS, `${JSON.stringify(counts, undefined, 2)}\n`);
  }
}
