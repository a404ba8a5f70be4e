import { existsSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { NextFunction, Request, Response } from 'express';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
/** As the build compresses them, the smallest first. */
const ENCODINGS = { br: '.br', gzip: '.gz' } as const;
/** The page finds out by itself which of its parts to show. */
const PAGE = 'index.html';
const PAGES = new Set(['/', '/account', '/limits', '/functions']);

/** Serves what the build has made of the page; anything else is for the routes. */
export function staticFiles(folder: string) {
  const files = new Set(existsSync(folder) ? readdirSync(folder) : []);
  return function staticFile(request: Request, response: Response, next: NextFunction): void {
    const file = PAGES.has(request.path) ? PAGE : request.path.slice(1);
    const type = TYPES[extname(file)];
    if (!files.has(file) || type === undefined || !['GET', 'HEAD'].includes(request.method)) {
      next();
      return;
    }
    const encoding = request.acceptsEncodings(Object.keys(ENCODINGS));
    const compressed = encoding && file + ENCODINGS[encoding as keyof typeof ENCODINGS];
    const isCompressed = compressed && files.has(compressed);
    response.setHeader('Content-Type', type);
    response.setHeader('Vary', 'Accept-Encoding');
    if (isCompressed) response.setHeader('Content-Encoding', encoding);
    // names of parts have a hash of what is in them
    const cache = file === PAGE ? 'no-cache' : 'public, max-age=31536000, immutable';
    response.setHeader('Cache-Control', cache);
    response.sendFile(join(folder, isCompressed ? compressed : file), { cacheControl: false }, (error) => {
      if (error && !response.headersSent) next(error);
    });
  };
}
