import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { defineFunction, defineLibrary, RedisFunctions } from '@redis-functions/core';

const lights = defineLibrary({
  code: readFileSync(new URL('./lua/lights.lua', import.meta.url), 'utf8'),
  functions: { switch: defineFunction('switch', { encode: (to) => ({ keys: [], args: [to] }), decode: Number }) },
});

it('switches off', async () => {
  const functions = new RedisFunctions({ url: process.env.REDIS_URL });
  expect(await functions.use(lights).switch('off')).toBe(0);
  await functions.close();
});
