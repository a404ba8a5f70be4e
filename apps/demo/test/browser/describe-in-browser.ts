import { describe } from '@jest/globals';
import { findBrowser } from './find-browser.js';

const WITHOUT_BROWSER =
  'skipped: there is no Chromium on the PATH. Install one (apt-get install chromium), or name one in BROWSER_PATH';

/** Scenarios that a real browser runs; where there is none, they are reported as skipped, with the reason. */
export function describeInBrowser(name: string, scenarios: () => void): void {
  if (findBrowser()) describe(name, scenarios);
  else describe.skip(`${name} (${WITHOUT_BROWSER})`, scenarios);
}
