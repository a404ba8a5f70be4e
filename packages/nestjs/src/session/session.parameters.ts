import { createParamDecorator, type ExecutionContext, Inject, Injectable, type PipeTransform } from '@nestjs/common';
import { ContextSessions, type VisitorSession } from './contexts/context-sessions.js';

type Read = (session: VisitorSession) => unknown;

interface Wanted {
  readonly context: ExecutionContext;
  readonly read: Read;
}

/** Parameters have no injector; pipes do. */
@Injectable()
export class SessionPipe implements PipeTransform<Wanted, Promise<unknown>> {
  constructor(@Inject(ContextSessions) private readonly sessions: ContextSessions) {}

  async transform({ context, read }: Wanted): Promise<unknown> {
    return read(await this.sessions.of(context));
  }
}

function parameter(read: Read): ParameterDecorator {
  return createParamDecorator((_data: unknown, context: ExecutionContext): Wanted => ({ context, read }))(SessionPipe);
}

/** The session of the call: a `RequestSession`, in gateways a `SocketSession`. Nothing is asked of Redis by it. */
export const CurrentSession = (): ParameterDecorator => parameter((session) => session);

/** The id of the user who is logged in: `string | null`. */
export const SessionUser = (): ParameterDecorator =>
  parameter(async (session) => (await session.load())?.userId ?? null);

/** The public name of the session: `string | null`. */
export const SessionHandle = (): ParameterDecorator =>
  parameter(async (session) => (await session.load())?.handle ?? null);

/** One value of the session's data; undefined where it has none. */
export const SessionValue = (key: string): ParameterDecorator =>
  parameter(async (session) => {
    const data = (await session.load())?.data;
    return data && Object.hasOwn(data, key) ? data[key] : undefined;
  });
