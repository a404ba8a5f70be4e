import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { describeInBrowser } from './describe-in-browser.js';
import { add, keepPicture, press, Storefront, says, stockOf } from './storefront.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What people do on each page before it is looked at. */
const PAGES: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  '/': async (page) => {
    await add(page, 'mug');
    await says(page, 'kept for you for');
    await page.getByText('Behind the counter').click();
  },
  '/account': async (page) => {
    await press(page, 'Log in as ada');
    await says(page, 'this one');
  },
  '/limits': async (page) => {
    await press(page, 'Send a burst');
    await says(page, '429 Too Many Requests');
  },
  '/functions': (page) => says(page, 'ratelimiter'),
};

describeInBrowser('every page for everybody', () => {
  let front: Storefront;

  beforeAll(async () => {
    front = await Storefront.open();
  });
  afterEach(() => front.closeWindows());
  afterAll(() => front?.close());

  it.each(Object.keys(PAGES))('%s has labels, contrast and order, in the light and in the dark', async (path) => {
    await front.openWith({});
    const page = await front.visitor({ colorScheme: 'light' });
    await front.look(page, path);
    await PAGES[path]?.(page);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await keepPicture(page, `page${path.replace('/', '-')}-${colorScheme}`);
      expect(await complaints(page)).toEqual([]);
    }
  });

  it.each(Object.keys(PAGES))('%s fits on a phone', async (path) => {
    await front.openWith({});
    const page = await front.visitor({ viewport: { width: 360, height: 740 }, hasTouch: true });
    await front.look(page, path);
    await PAGES[path]?.(page);
    await keepPicture(page, `phone${path.replace('/', '-')}`, { fullPage: true });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });

  it('is light at first: other pages, and the plots, come when they are opened', async () => {
    const page = await front.visitor();
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Network.enable');
    await devtools.send('Network.setCacheDisabled', { cacheDisabled: true });
    const files = new Map<string, string>();
    let bytes = 0;
    devtools.on('Network.responseReceived', ({ requestId, response }) => files.set(requestId, response.url));
    // head and body as they came over the wire; the stream of events never ends, and is not among them
    devtools.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
    await page.reload({ waitUntil: 'load' });
    await stockOf(page, 'mug').waitFor();
    expect(bytes).toBeGreaterThan(5_000);
    expect([...files.values()].filter((url) => /limits-|functions-|uplot/i.test(url))).toEqual([]);
  });
});

/** What axe has to say against a page: rule, place, and why. */
async function complaints(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => [id, target, failureSummary].join(' | '))))`);
}
