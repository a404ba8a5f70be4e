import type { ExecutionContext } from '@nestjs/common';

/** What a guard needs of a request and its response, on Express and Fastify alike. */
export interface HttpExchange {
  readonly request: object;
  /** The client's address, as the framework's proxy settings make it. */
  readonly address: string | undefined;
  getHeader(name: string): string | undefined;
  setHeader(name: string, value: string): void;
}

interface Response {
  getHeader(name: string): unknown;
  // Express, which is Node's own response
  setHeader?(name: string, value: string): unknown;
  // Fastify
  header(name: string, value: string): unknown;
}

export function httpExchange(context: ExecutionContext): HttpExchange {
  const http = context.switchToHttp();
  const request = http.getRequest<{ ip?: string }>();
  const response = http.getResponse<Response>();
  return {
    request,
    address: request.ip,
    getHeader(name) {
      const value = response.getHeader(name);
      return value === undefined ? undefined : String(value);
    },
    setHeader(name, value) {
      if (response.setHeader) response.setHeader(name, value);
      else response.header(name, value);
    },
  };
}
