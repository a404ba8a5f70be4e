import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Attributes, SpanStatusCode } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import { type DeployEvent, RedisFunctions } from '../src/index.js';
import { instrumentRedisFunctions } from '../src/telemetry/opentelemetry.js';
import { counterLibrary } from './counter-library.js';

const library = counterLibrary();

describe('what calls and deploys tell', () => {
  let redis: RedisServer;
  let functions: RedisFunctions;

  beforeAll(async () => {
    redis = await startRedis();
    functions = new RedisFunctions({ url: redis.url, libraries: [library] });
    await functions.deploy();
  });
  afterAll(async () => {
    await functions.close();
    await redis.stop();
  });

  it('is a span and a duration per call, by function, version and outcome, without keys and arguments', async () => {
    const spans = new InMemorySpanExporter();
    const figures = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter: figures, exportIntervalMillis: 3_600_000 });
    const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
    const meterProvider = new MeterProvider({ readers: [reader] });
    const stop = instrumentRedisFunctions({ tracerProvider, meterProvider });
    const counter = functions.use(library);
    await counter.add('secret-key', 41);
    await counter.read('secret-key');
    await counter.add('secret-key', 'refuse').catch(() => {});
    await redis.command('FUNCTION', 'FLUSH');
    await counter.add('secret-key', 1);
    stop();
    await counter.add('secret-key', 1);

    // what is told is told to the whole process, where an earlier spec may have something left to end
    const isOurs = ({ attributes }: { attributes: Attributes }) => attributes['redis.function.library'] === 'counter';
    const finished = spans.getFinishedSpans().filter(isOurs);
    expect(finished.map(({ name }) => name)).toEqual([
      'FCALL counter_add',
      'FCALL_RO counter_read',
      'FCALL counter_add',
      'FCALL counter_add',
    ]);
    expect(finished[0]?.attributes).toEqual({
      'db.system.name': 'redis',
      'db.operation.name': 'FCALL',
      'redis.function.name': 'counter_add',
      'redis.function.library': 'counter',
      'redis.function.version': '1.0.0',
      'redis.function.attempts': 1,
      'server.address': redis.url,
    });
    expect(finished[2]?.attributes['error.type']).toBe('REFUSED');
    expect(finished[2]?.status.code).toBe(SpanStatusCode.ERROR);
    expect(finished[3]?.attributes['redis.function.attempts']).toBe(2);

    await reader.forceFlush();
    const points = figures.getMetrics()[0]?.scopeMetrics[0]?.metrics[0]?.dataPoints.filter(isOurs) ?? [];
    expect(points.map(({ attributes }) => attributes['error.type'] ?? 'ok')).toEqual(['ok', 'ok', 'REFUSED']);
    expect(JSON.stringify([finished.map(({ attributes }) => attributes), points])).not.toContain('secret-key');
    await meterProvider.shutdown();
  });

  it('is an event per deploy and per library that a call brought back', async () => {
    const events: DeployEvent[] = [];
    const listen = (event: unknown) => void events.push(event as DeployEvent);
    subscribe('redis-functions:deploy', listen);
    await functions.flush();
    await functions.deploy();
    await functions.flush();
    await functions.use(library).add('a');
    unsubscribe('redis-functions:deploy', listen);
    const told = { node: redis.url, library: 'counter', version: '1.0.0', action: 'loaded' };
    expect(events).toEqual([
      { ...told, healing: false },
      { ...told, healing: true },
    ]);
  });
});
