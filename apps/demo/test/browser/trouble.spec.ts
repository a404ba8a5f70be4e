import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { describeInBrowser } from './describe-in-browser.js';
import { add, keepPicture, lineOf, press, Storefront, says, stockOf } from './storefront.js';

describeInBrowser('the shop in trouble, in a browser', () => {
  let front: Storefront;

  beforeAll(async () => {
    front = await Storefront.open();
  });
  beforeEach(() => front.openWith({ mug: 40 }));
  afterEach(() => front.closeWindows());
  afterAll(() => front?.close());

  const quantity = (page: Page) => lineOf(page, 'mug').getByTestId('quantity');
  const oneMore = (page: Page) => page.getByRole('button', { name: 'One more Enamel mug' }).click();
  const quiet = (page: Page) => page.locator('.connection:empty').waitFor({ state: 'attached' });
  /** A page that knows nothing but what the server says. */
  const truth = async (page: Page, mugs: string) => {
    const second = await front.secondWindow(page);
    await quantity(second).getByText(mugs, { exact: true }).waitFor();
  };

  it('keeps what is changed while Redis is dead, and sends it when Redis is back with its data', async () => {
    const page = await front.visitor();
    await add(page, 'mug');
    await quantity(page).getByText('1').waitFor();
    await front.redis.kill();
    await says(page, 'does not reach its data');
    await oneMore(page);
    await says(page, 'What you changed is kept');
    await keepPicture(page, 'redis-away');
    expect(await quantity(page).textContent()).toBe('2');
    await front.redis.restart();
    await quiet(page);
    await truth(page, '2');
  });

  it('says so where Redis is silent, and opens for whoever comes meanwhile', async () => {
    const page = await front.visitor();
    await add(page, 'mug');
    await quantity(page).getByText('1').waitFor();
    front.redis.pause();
    try {
      await oneMore(page);
      await says(page, 'What you changed is kept');
      const late = await front.visitor();
      await says(late, /No connection to the shop|does not reach its data/);
      await keepPicture(late, 'redis-silent');
      front.redis.resume();
      await stockOf(late, 'mug').waitFor();
      await quiet(late);
    } finally {
      if (front.redis.isPaused) front.redis.resume();
    }
    await quiet(page);
    await truth(page, '2');
  });

  it('says that it is working on it where Redis is slow', async () => {
    const page = await front.visitor();
    await add(page, 'mug');
    await quantity(page).getByText('1').waitFor();
    // less than anybody waits for one answer, and more than one is used to for two
    front.link.delayMs = 800;
    await oneMore(page);
    await says(page, 'The shop is slow right now');
    front.link.delayMs = 0;
    await quiet(page);
    await truth(page, '2');
  });

  it('keeps what is changed without a connection', async () => {
    const page = await front.visitor();
    await add(page, 'mug');
    await quantity(page).getByText('1').waitFor();
    await page.context().setOffline(true);
    await says(page, 'No connection to the shop');
    await oneMore(page);
    await says(page, 'What you changed is kept');
    // a page whose code is not there yet
    await page.getByRole('link', { name: 'Rate limits' }).click();
    await says(page, 'could not be loaded');
    await page.context().setOffline(false);
    await says(page, 'Lines are worked out');
    await page.getByRole('link', { name: 'Shop', exact: true }).click();
    await quiet(page);
    await truth(page, '2');
  });

  it('makes a guest of whoever has a session that is over, and gives the cart back at the next login', async () => {
    const page = await front.visitor();
    await page.getByRole('link', { name: 'Account' }).click();
    await press(page, 'Log in as grace');
    await says(page, 'Hello, grace');
    await page.getByRole('link', { name: 'Shop', exact: true }).click();
    await add(page, 'mug');
    await quantity(page).getByText('1').waitFor();
    const sessions = (await front.redis.command('KEYS', 'rf:{*}:s:*')) as string[];
    await front.redis.command('DEL', ...sessions);
    await add(page, 'notebook');
    await says(page, 'Your session has ended');
    await keepPicture(page, 'session-over');
    await lineOf(page, 'notebook').waitFor();
    await lineOf(page, 'mug').waitFor({ state: 'detached' });

    await page.getByRole('link', { name: 'Account' }).click();
    await press(page, 'Log in as grace');
    await page.getByRole('link', { name: 'Shop', exact: true }).click();
    for (const sku of ['mug', 'notebook']) await lineOf(page, sku).waitFor();
  });
});
