import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { type RedisServer, SlowLink, startRedis } from '@redis-functions/testing';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { createShop } from '../../src/shop.js';
import { buildPage } from '../built-page.js';
import { findBrowser } from './find-browser.js';

const SCREENSHOTS = fileURLToPath(new URL('../screenshots/', import.meta.url));
const PATIENCE_MS = 20_000;
const HOLD = { cart: '4s', checkout: '3s' };

interface StorefrontParts {
  readonly redis: RedisServer;
  readonly link: SlowLink;
  readonly url: string;
  readonly shop: NestExpressApplication;
  readonly page: string;
  readonly browser: Browser;
}

/** The shop on a server of its own, and a browser in front of it. */
export class Storefront {
  readonly redis: RedisServer;
  /** Between the shop and its server. */
  readonly link: SlowLink;
  readonly url: string;
  readonly #shop: NestExpressApplication;
  readonly #browser: Browser;
  readonly #page: string;

  private constructor(parts: StorefrontParts) {
    this.redis = parts.redis;
    this.link = parts.link;
    this.url = parts.url;
    this.#shop = parts.shop;
    this.#page = parts.page;
    this.#browser = parts.browser;
  }

  static async open(): Promise<Storefront> {
    const page = buildPage();
    mkdirSync(SCREENSHOTS, { recursive: true });
    // what it has answered outlives it
    const redis = await startRedis({ args: ['--appendonly', 'yes'] });
    const link = await SlowLink.to(redis);
    const routingKey = 'a routing key of the tests, 32 characters or more';
    const shop = await createShop({ url: link.url, routingKey, hold: HOLD }, page);
    await shop.listen(0);
    const url = (await shop.getUrl()).replace('[::1]', '127.0.0.1');
    const browser = await chromium.launch({ executablePath: findBrowser() as string });
    return new Storefront({ redis, link, url, shop, page, browser });
  }

  /** A window of somebody's own browser: no session is shared with another. */
  async visitor(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    return this.look(await context.newPage());
  }

  /** Another window of the same browser. */
  async secondWindow(page: Page): Promise<Page> {
    return this.look(await page.context().newPage());
  }

  async look(page: Page, path = '/'): Promise<Page> {
    await page.goto(`${this.url}${path}`);
    await page.getByTestId('user').waitFor();
    return page;
  }

  /** The shop as it opens for the first time, with this in stock. */
  async openWith(stock: Record<string, number>): Promise<void> {
    await this.redis.command('FLUSHALL');
    await fetch(`${this.url}/api/products`);
    for (const [sku, units] of Object.entries(stock)) await this.change(sku, { stock: units });
  }

  async change(sku: string, changes: { stock?: number; price?: number }): Promise<void> {
    await fetch(`${this.url}/api/products/${sku}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(changes),
    });
  }

  async closeWindows(): Promise<void> {
    for (const context of this.#browser.contexts()) await context.close();
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#shop.close();
    await this.link.close();
    await this.redis.stop();
    rmSync(this.#page, { recursive: true, force: true });
  }
}

/** Kept for looking at: what a scenario looked like. */
export async function keepPicture(page: Page, name: string, { fullPage = false } = {}): Promise<void> {
  await page.screenshot({ path: `${SCREENSHOTS}${name}.png`, fullPage });
}

export const product = (page: Page, sku: string) => page.locator(`.product[data-sku=${sku}]`);
export const stockOf = (page: Page, sku: string) => product(page, sku).getByTestId('stock');
export const lineOf = (page: Page, sku: string) => page.locator(`.line[data-sku=${sku}]`);

export async function add(page: Page, sku: string): Promise<void> {
  await product(page, sku).getByRole('button').click();
}

/** Waits until the page says so. @returns What it says. */
export async function says(page: Page, text: string | RegExp): Promise<string> {
  return (await page.getByText(text).first().textContent()) ?? '';
}

export async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
}
