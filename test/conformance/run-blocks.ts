// A process of its own, since what the blocks of the pages open stays open: imports compiled blocks one after the other, lets
// applications answer requests, and prints what came of each as JSON.
import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { pathToFileURL } from 'node:url';
import type { NestFactory } from '@nestjs/core';
import type { Express } from 'express';
import { createClient } from 'redis';

export interface Block {
  readonly name: string;
  /** What is asked of its application: `POST /login`. */
  readonly requests: readonly string[];
}

export interface Outcome {
  readonly name: string;
  /** What it printed. */
  readonly output: string;
  /** `POST /login 201`. */
  readonly answers: readonly string[];
  readonly error?: string;
}

interface BlockModule {
  readonly app?: Express;
  readonly AppModule?: Parameters<typeof NestFactory.create>[0];
}

const [blocksFile = '', folder = ''] = process.argv.slice(2);
const blocks = JSON.parse(readFileSync(blocksFile, 'utf8')) as Block[];
const redis = await createClient({ url: process.env['REDIS_URL'] ?? '' }).connect();
const outcomes: Outcome[] = [];
let output = '';
console.log = (...words: unknown[]) => {
  output += `${words.join(' ')}\n`;
};

for (const { name, requests } of blocks) {
  await redis.sendCommand(['FLUSHALL']);
  await redis.sendCommand(['FUNCTION', 'FLUSH']);
  output = '';
  const answers: string[] = [];
  try {
    const block = (await import(pathToFileURL(`${folder}/${name}.js`).href)) as BlockModule;
    if (block.app) answers.push(...(await answersOf(block.app.listen(0), requests)));
    if (block.AppModule) answers.push(...(await answersOfNest(block.AppModule, requests)));
    outcomes.push({ name, output, answers });
  } catch (error) {
    outcomes.push({ name, output, answers, error: String(error) });
  }
}
process.stdout.write(JSON.stringify(outcomes), () => process.exit());

async function answersOfNest(module: NonNullable<BlockModule['AppModule']>, requests: readonly string[]) {
  const { NestFactory } = await import('@nestjs/core');
  const app = await NestFactory.create(module, { logger: false, abortOnError: false });
  await app.listen(0);
  try {
    return await answersOf(app.getHttpServer(), requests);
  } finally {
    await app.close();
  }
}

/** One visitor, with the cookies that were set. */
async function answersOf(server: Server, requests: readonly string[]): Promise<string[]> {
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const answers: string[] = [];
  let cookie = '';
  for (const request of requests) {
    const [method = '', path = ''] = request.split(' ');
    const origin = `http://127.0.0.1:${port}`;
    const response = await fetch(origin + path, {
      method,
      headers: { cookie, origin, ...(method === 'POST' && { 'content-type': 'application/json' }) },
      ...(method === 'POST' && { body: '{"user":"ada"}' }),
    });
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
    answers.push(`${request} ${response.status}`);
    await response.arrayBuffer();
  }
  server.close();
  return answers;
}
