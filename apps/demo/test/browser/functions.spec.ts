import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { describeInBrowser } from './describe-in-browser.js';
import { keepPicture, Storefront, says } from './storefront.js';

const counted = async (page: Page, name: string) =>
  Number((await page.locator(`[data-count=${name}]`).innerText()).replaceAll(',', ''));

/** How many answers came from which version. */
const versions = async (page: Page) =>
  Object.fromEntries(
    (await page.getByTestId('versions').locator('tr').allInnerTexts()).map((row) =>
      row.replaceAll(',', '').split('\t'),
    ),
  );

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo()));
}

describeInBrowser('functions in a browser', () => {
  let front: Storefront;

  beforeAll(async () => {
    front = await Storefront.open();
  });
  afterEach(() => front.closeWindows());
  afterAll(() => front?.close());

  it('deploys a new version while the old one is called, and no call is refused, fails or is lost', async () => {
    const page = await front.look(await front.visitor(), '/functions');
    await page.locator('[data-library=mylib] [data-state=same]').waitFor();
    await page.getByRole('button', { name: 'Call the counters' }).click();
    await until(async () => (await counted(page, 'counted')) > 100);

    await page.getByRole('button', { name: 'Plan' }).click();
    await says(page, 'replaces an older version');
    expect(await page.locator('[data-library=mylib] [data-state=same]').count()).toBe(1);
    await page.getByRole('button', { name: 'Deploy' }).click();
    await page.locator('[data-library=mylib] [data-state=newer]').waitFor();
    await until(async () => Number((await versions(page))['1.2.0']) > 100);
    await keepPicture(page, 'functions');
    await page.getByRole('button', { name: 'Stop calling' }).click();
    await page.getByRole('button', { name: 'Call the counters' }).waitFor();

    const known = await versions(page);
    expect(Object.keys(known)).toEqual(['1.1.0', '1.2.0']);
    expect(await counted(page, 'counted')).toBe(Number(known['1.1.0']) + Number(known['1.2.0']));
    for (const name of ['refused', 'failed', 'lost']) expect(await counted(page, name)).toBe(0);
    const increments = page.locator('[data-function=tick_counter] td').nth(1);
    await until(
      async () => (await increments.innerText()) === (await page.locator('[data-count=counted]').innerText()),
    );
  });

  it('says what a deploy would do, or why it is refused, and changes nothing then', async () => {
    const page = await front.look(await front.visitor(), '/functions');
    const state = page.locator('[data-library=mylib] td').nth(1);
    const before = await state.innerText();
    const choose = (change: string) => page.getByRole('combobox').selectOption(change);
    await choose('current');
    await page.getByRole('button', { name: 'Deploy' }).click();
    await says(page, 'keeps a newer version');
    await choose('incomplete');
    await page.getByRole('button', { name: 'Deploy' }).click();
    await says(page, /nothing was changed\..*decrement_counter/);
    await choose('edited');
    await page.getByRole('button', { name: 'Plan' }).click();
    await says(page, /nothing was changed\..*has other code/);
    await keepPicture(page, 'functions-refused');
    expect(await state.innerText()).toBe(before);
  });

  it('says where a library is missing, until it is called again', async () => {
    const page = await front.look(await front.visitor(), '/functions');
    await front.redis.command('FUNCTION', 'DELETE', 'mylib');
    await page.locator('[data-library=mylib] [data-state=missing]').waitFor();
    await fetch(`${front.url}/api/counter`, { method: 'POST' });
    await page.locator('[data-library=mylib] [data-state=same]').waitFor();
  });

  it('fits a telephone', async () => {
    const page = await front.look(await front.visitor({ viewport: { width: 360, height: 740 } }), '/functions');
    await page.getByTestId('calls').waitFor();
    await keepPicture(page, 'functions-telephone');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  });
});
