import { tracingChannel } from 'node:diagnostics_channel';
import {
  type MeterProvider,
  metrics,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import type { CallEvent } from './channels.js';

export interface InstrumentationOptions {
  /** Default: the global one. */
  tracerProvider?: TracerProvider;
  /** Default: the global one. */
  meterProvider?: MeterProvider;
}

const SCOPE = '@redis-functions/core';

/**
 * Makes a client span and a duration (histogram `redis_functions.call.duration`, in seconds) of every call, by function,
 * library, version and outcome. Servers keep no statistics per function.
 *
 * Names follow the semantic conventions for database clients where these have one. Keys and arguments are never told.
 *
 * @returns Call it to stop.
 */
export function instrumentRedisFunctions(options: InstrumentationOptions = {}): () => void {
  const { tracerProvider = trace, meterProvider = metrics } = options;
  const tracer = tracerProvider.getTracer(SCOPE);
  const duration = meterProvider.getMeter(SCOPE).createHistogram('redis_functions.call.duration', {
    unit: 's',
    description: 'From the call of a function to its result, waiting and repeating included.',
  });
  const calls = tracingChannel<CallEvent>('redis-functions:call');
  const open = new WeakMap<object, { span: Span; startedAt: number }>();

  const subscribers = {
    start(event: CallEvent) {
      const span = tracer.startSpan(`${operationOf(event)} ${event.functionName}`, {
        kind: SpanKind.CLIENT,
        attributes: { ...attributesOf(event), 'server.address': event.address },
      });
      open.set(event, { span, startedAt: performance.now() });
    },
    asyncEnd(event: CallEvent) {
      const started = open.get(event);
      if (!started) return;
      const outcome = event.error === undefined ? {} : { 'error.type': codeOf(event.error) };
      duration.record((performance.now() - started.startedAt) / 1_000, { ...attributesOf(event), ...outcome });
      started.span.setAttributes({ ...outcome, 'redis.function.attempts': event.attempts });
      if (event.error !== undefined) {
        started.span.setStatus({ code: SpanStatusCode.ERROR, message: String((event.error as Error).message) });
      }
      started.span.end();
    },
    end() {},
    asyncStart() {},
    error() {},
  };
  calls.subscribe(subscribers);
  return () => calls.unsubscribe(subscribers);
}

function operationOf({ readOnly }: CallEvent): string {
  return readOnly ? 'FCALL_RO' : 'FCALL';
}

function attributesOf(event: CallEvent): Record<string, string> {
  return {
    'db.system.name': 'redis',
    'db.operation.name': operationOf(event),
    'redis.function.name': event.functionName,
    ...(event.library !== undefined && { 'redis.function.library': event.library }),
    ...(event.version !== undefined && { 'redis.function.version': event.version }),
  };
}

function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return String(code ?? name ?? 'unknown');
}
