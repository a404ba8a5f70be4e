import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { findBrowser, WITHOUT_BROWSER } from './find-browser.js';
import { add, keepPicture, lineOf, Storefront, says, stockOf } from './storefront.js';

const describeInBrowser = findBrowser() ? describe : describe.skip;

describeInBrowser(`the shop in a browser${findBrowser() ? '' : ` (${WITHOUT_BROWSER})`}`, () => {
  let front: Storefront;

  beforeAll(async () => {
    front = await Storefront.open();
  });
  afterEach(() => front.closeWindows());
  afterAll(() => front?.close());

  it('sells the last unit to one of two windows, and says so in the other', async () => {
    await front.openWith({ poster: 1 });
    const [ada, ben] = [await front.visitor(), await front.visitor()];
    await stockOf(ben, 'poster').getByText('only 1 left').waitFor();
    await Promise.all([add(ada, 'poster'), add(ben, 'poster')]);
    // each window has a cart or a refusal; together they have one poster
    await Promise.all([ada, ben].map((page) => says(page, /is in your cart|somebody was faster/)));
    const lines = await Promise.all([ada, ben].map((page) => lineOf(page, 'poster').count()));
    expect(lines.toSorted()).toEqual([0, 1]);
    const winner = lines[0] === 1 ? ada : ben;
    await keepPicture(winner, 'last-unit');
    for (const page of [ada, ben]) await stockOf(page, 'poster').getByText('none left').waitFor();

    await winner.getByRole('button', { name: 'Check out' }).click();
    await winner.getByRole('button', { name: 'Pay now' }).click();
    await says(winner, 'is paid');
    expect(await front.redis.command('HGET', 'rf:{demo}:stock', 'poster')).toBe('0');
  });
});
