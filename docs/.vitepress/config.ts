import { defineConfig } from 'vitepress';

const page = (text: string, link: string) => ({ text, link });

/** As GitHub does it, so that a link to a heading works in both places. */
const slugify = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-');

export default defineConfig({
  title: 'Redis Functions for Node',
  description:
    'Define, deploy and call server-side Lua with types; rate limits, sessions and carts for Express and NestJS',
  lang: 'en',
  cleanUrls: true,
  srcExclude: ['node_modules/**'],
  // of the repository, not of the site
  ignoreDeadLinks: [/\.lua$/, /^\.\.\/(packages|bench|apps)/],
  markdown: { anchor: { slugify } },
  themeConfig: {
    search: { provider: 'local' },
    nav: [page('Quick start', '/quick-start/express'), page('Reference', '/reference/')],
    sidebar: [
      {
        text: 'Quick start',
        items: [
          page('Express', '/quick-start/express'),
          page('NestJS', '/quick-start/nestjs'),
          page('Your own Lua', '/quick-start/your-own-lua'),
        ],
      },
      {
        text: 'What is promised',
        items: [page('Rate limits', '/rate-limits'), page('Sessions', '/sessions'), page('Carts', '/carts')],
      },
      {
        text: 'The workshop',
        items: [
          page('The command line', '/cli'),
          page('Rules of lint', '/lint'),
          page('Typed modules', '/generate'),
          page('Tests and coverage', '/testing'),
          page('Debugging', '/debug'),
          page('Scripts to libraries', '/migrate'),
          page('Findings of doctor', '/doctor'),
        ],
      },
      {
        text: 'In production',
        items: [
          page('Operations', '/operations'),
          page('Errors', '/errors'),
          page('Events and headers', '/events'),
          page('Benchmarks', '/benchmarks'),
        ],
      },
      {
        text: 'Every option',
        collapsed: true,
        items: ['core', 'rate-limit', 'session', 'cart', 'express', 'nestjs', 'testing', 'cli'].map((name) =>
          page(name, `/options/${name}`),
        ),
      },
      {
        text: 'Coming from',
        items: [
          page('express-rate-limit', '/migrating/express-rate-limit'),
          page('@nestjs/throttler', '/migrating/nestjs-throttler'),
          page('connect-redis', '/migrating/connect-redis'),
          page('EVAL scripts', '/migrating/eval-scripts'),
        ],
      },
    ],
  },
});
