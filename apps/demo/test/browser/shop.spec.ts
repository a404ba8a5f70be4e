import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { describeInBrowser } from './describe-in-browser.js';
import { add, keepPicture, lineOf, press, product, Storefront, says, stockOf } from './storefront.js';

describeInBrowser('the shop in a browser', () => {
  let front: Storefront;

  beforeAll(async () => {
    front = await Storefront.open();
  });
  afterEach(() => front.closeWindows());
  afterAll(() => front?.close());

  it('sells the last unit to one of two windows, and says so in the other', async () => {
    await front.openWith({ poster: 1 });
    const pages = [await front.visitor(), await front.visitor()] as const;
    for (const page of pages) await stockOf(page, 'poster').getByText('only 1 left').waitFor();
    await addAtOnce(pages, 'poster');
    const [one, other] = await Promise.all(pages.map((page) => says(page, /is in your cart|somebody was faster/)));
    const hasOne = (heard = '') => heard.includes('is in your cart');
    expect([hasOne(one), hasOne(other)].toSorted()).toEqual([false, true]);
    const [winner, loser] = hasOne(one) ? pages : pages.toReversed();
    await lineOf(winner as Page, 'poster').waitFor();
    await keepPicture(loser as Page, 'last-unit');
    for (const page of pages) await stockOf(page, 'poster').getByText('none left').waitFor();
    expect(await lineOf(loser as Page, 'poster').count()).toBe(0);

    await press(winner as Page, 'Check out');
    await press(winner as Page, 'Pay now');
    await says(winner as Page, 'is paid');
    expect(await front.redis.command('HGET', 'rf:{demo}:stock', 'poster')).toBe('0');
  });

  it('gives back what is held too long, and tells who held it when somebody else has it', async () => {
    await front.openWith({ poster: 1 });
    const [ada, ben] = [await front.visitor(), await front.visitor()];
    await add(ada, 'poster');
    await says(ada, 'kept for you for');
    await product(ben, 'poster').getByText('In somebody’s cart').waitFor();
    await says(ada, 'No longer kept for you');
    await stockOf(ben, 'poster').getByText('only 1 left').waitFor();
    await add(ben, 'poster');
    await says(ada, 'and gone');
    await press(ada, 'Check out');
    await says(ada, 'somebody was faster');
    await keepPicture(ada, 'hold-over');
    expect(await lineOf(ada, 'poster').count()).toBe(1);
  });

  it('lets a payment time out, and takes it all the same while there is something left', async () => {
    await front.openWith({ lamp: 3 });
    const ada = await front.visitor();
    await add(ada, 'lamp');
    await press(ada, 'Check out');
    await says(ada, 'Everything is kept for you');
    await keepPicture(ada, 'payment');
    await says(ada, 'The payment timed out');
    await stockOf(ada, 'lamp').getByText('only 3 left').waitFor();
    await press(ada, 'Pay all the same');
    await says(ada, 'is paid');
    await stockOf(ada, 'lamp').getByText('only 2 left').waitFor();
  });

  it('shows one cart in all windows, in any of them what was changed, and prices that have changed', async () => {
    await front.openWith({ mug: 40 });
    const ada = await front.visitor();
    const second = await front.secondWindow(ada);
    await add(ada, 'mug');
    await lineOf(second, 'mug').waitFor();
    await second.getByRole('button', { name: 'One more Enamel mug' }).click();
    await lineOf(ada, 'mug').getByTestId('quantity').getByText('2').waitFor();

    await front.change('mug', { price: 1_375 });
    for (const page of [ada, second]) await says(page, /now €13.75, was/);
    await keepPicture(ada, 'new-price');
    await press(second, 'That is fine');
    await lineOf(ada, 'mug').getByText('was').waitFor({ state: 'detached' });
    await ada.getByTestId('total').getByText('€27.50').waitFor();
  });

  it('is used by keys alone, and shows where one is', async () => {
    await front.openWith({ lamp: 3 });
    const page = await front.visitor();
    await pressByKeys(page, await nameOf(product(page, 'lamp').getByRole('button')));
    await lineOf(page, 'lamp').waitFor();
    await pressByKeys(page, /^One more /);
    await lineOf(page, 'lamp').getByTestId('quantity').getByText('2').waitFor();
    await pressByKeys(page, 'Check out');
    await says(page, 'Everything is kept for you');
    await pressByKeys(page, 'Pay now');
    await says(page, 'is paid');
    await pressByKeys(page, 'Account');
    await says(page, 'Log in as ada');
    await pressByKeys(page, 'Log in as ada');
    await says(page, 'Hello, ada');
    await pressByKeys(page, 'Functions');
    await says(page, 'ratelimiter');
  });

  it('ends in one window the session of another, of all others, and of all', async () => {
    await front.openWith({});
    const desk = await logIn(await front.visitor());
    const phone = await logIn(
      await front.visitor({ userAgent: 'iPhone Safari/1', viewport: { width: 360, height: 740 } }),
    );
    const devices = desk.locator('.devices li');
    await devices.nth(1).waitFor();
    await keepPicture(desk, 'devices');
    await desk.getByRole('button', { name: 'End the session of Safari on an iPhone' }).click();
    await says(phone, 'Your session has ended');
    await isGuest(phone);
    expect(await devices.count()).toBe(1);

    await logIn(phone);
    await press(desk, 'Log out everywhere else');
    await isGuest(phone);
    await desk.getByTestId('user').getByText('ada').waitFor();

    await logIn(phone);
    await press(phone, 'Log out everywhere');
    for (const page of [desk, phone]) await isGuest(page);
  });

  const nameOf = async (element: Locator) =>
    (await element.getAttribute('aria-label')) ?? (await element.innerText()).trim();

  /** Goes on to the next element until it is this one, from wherever the focus is; on each it can be seen. */
  async function pressByKeys(page: Page, name: string | RegExp): Promise<void> {
    for (let steps = 0; steps < 100; steps++) {
      await page.keyboard.press('Tab');
      const focused = page.locator(':focus');
      if ((await focused.count()) === 0) continue;
      const outline = await focused.evaluate('(element) => getComputedStyle(element).outlineStyle');
      expect(outline).not.toBe('none');
      const found = await nameOf(focused);
      if (typeof name === 'string' ? found === name : name.test(found)) return page.keyboard.press('Enter');
    }
    throw new Error(`No key leads to ${name}`);
  }

  async function logIn(page: Page): Promise<Page> {
    await page.getByRole('link', { name: 'Account' }).click();
    await press(page, 'Log in as ada');
    await says(page, 'Hello, ada');
    return page;
  }
});

async function isGuest(page: Page): Promise<void> {
  await page.getByTestId('user').getByText('guest').waitFor();
}

/** In the same millisecond, or so. */
async function addAtOnce(pages: readonly Page[], sku: string): Promise<void> {
  const at = Date.now() + 500;
  const clickThen = (button: unknown, then: number) => {
    setTimeout(() => (button as { click(): void }).click(), then - Date.now());
  };
  for (const page of pages) await product(page, sku).getByRole('button').evaluate(clickThen, at);
}
