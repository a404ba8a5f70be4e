import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { describeInBrowser } from './describe-in-browser.js';
import { keepPicture, Storefront, says } from './storefront.js';

describeInBrowser('the playground for limits in a browser', () => {
  let front: Storefront;

  beforeAll(async () => {
    front = await Storefront.open();
  });
  afterEach(() => front.closeWindows());
  afterAll(() => front?.close());

  const left = (page: Page, policy: string) => page.locator(`[data-policy=${policy}]`).getByTestId('left');
  const count = async (page: Page, kind: string) =>
    Number(await page.locator(`.counts [data-count="${kind}"]`).textContent());
  const burst = async (page: Page, requests: number) => {
    const sent = (await count(page, 'sent')) + requests;
    await page.getByLabel('Requests at once').fill(String(requests));
    await page.getByRole('button', { name: 'Send a burst' }).click();
    await page.locator('.counts [data-count=sent]', { hasText: String(sent) }).waitFor();
    await page.locator('.answers[aria-busy=false]').waitFor();
  };

  it('is asked until it refuses, says how and until when, and lets pass again', async () => {
    const page = await front.visitor();
    await front.look(page, '/limits');
    const other = await front.secondWindow(page);
    await front.look(other, '/limits');
    await left(page, 'bucket').getByText('20 of 20').waitFor();

    await burst(page, 30);
    expect(await count(page, 'passed')).toBeGreaterThanOrEqual(20);
    expect(await count(page, 'refused')).toBeGreaterThan(0);
    await says(page, '429 Too Many Requests');
    await says(page, '"bucket";q=20;w=10');
    await says(page, 'Retry-After: 1');
    await left(other, 'log')
      .getByText(/^[0-3] of 20/)
      .waitFor();
    await keepPicture(page, 'limits-refused');

    await says(page, 'The next request passes again');
    await page.getByRole('button', { name: 'Send one' }).click();
    await page.locator('.response').first().getByText('200 OK').waitFor();
    // a log gives nothing back for ten seconds: as a shadow it lets pass what it would have refused
    await page.locator('[data-count=shadow]', { hasText: /[1-9]/ }).waitFor();
    await keepPicture(page, 'limits-shadow');

    await page.getByRole('button', { name: 'Start afresh' }).click();
    for (const policy of ['bucket', 'log']) await left(other, policy).getByText('20 of 20').waitFor();
  });
});
