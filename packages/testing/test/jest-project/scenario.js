import { expect, it } from '@jest/globals';
import { createClient } from 'redis';

it('has an empty server of its own', async () => {
  const client = await createClient({ url: process.env.REDIS_URL }).connect();
  expect(await client.dbSize()).toBe(0);
  expect(await client.sendCommand(['FUNCTION', 'LIST'])).toEqual([]);
  await client.set('left', 'behind');
  await client.sendCommand(['FUNCTION', 'LOAD', "#!lua name=left\nredis.register_function('left', function() end)\n"]);
  // for the test that runs this project
  process.stderr.write(`SERVER ${process.env.REDIS_URL}\n`);
  client.destroy();
});
