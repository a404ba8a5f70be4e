import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { optionPages } from '../../tools/option-pages.js';
import { publicOptions } from '../../tools/public-options.js';
import { PAGES, ROOT } from './pages.js';

const PACKAGES = readdirSync(`${ROOT}packages`);

/** The headings of a page; "VERSION_CONFLICT of a cart" counts for the code. */
function headings(page: string): string[] {
  const text = readFileSync(`${ROOT}docs/${page}`, 'utf8');
  return [...text.matchAll(/^##+ (.+)$/gm)].map(([, heading = '']) => heading);
}

/** What of the list has no heading that begins with it, and is it. */
function missing(wanted: Iterable<string>, page: string): string[] {
  const there = new Set(headings(page).map((heading) => heading.split(' ')[0]));
  return [...new Set(wanted)].filter((name) => !there.has(name)).sort();
}

/** Every file below `folder` of every package, without what is generated and what is written into other projects. */
function sources(folder: 'src' | 'lua', ending: string, packages = PACKAGES): string[] {
  return packages.flatMap((name) => {
    const path = `${ROOT}packages/${name}/${folder}`;
    let files: string[] = [];
    try {
      files = readdirSync(path, { recursive: true, encoding: 'utf8' });
    } catch {
      // a package without Lua
    }
    return files
      .filter((file) => file.endsWith(ending) && !/generated|templates/.test(file))
      .map((file) => readFileSync(`${path}/${file}`, 'utf8'));
  });
}

const CODE = "'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)'";
/** Where a code is given its name. */
const NAMED = [
  // new CartError('X', …), super('X', …), refusal(context, status, 'X', …)
  new RegExp(String.raw`(?:new \w+(?:Error|Exception)|super|refusal)\(\s*(?:[\w.]+,\s*){0,2}${CODE}`, 'g'),
  // a parameter code: 'X' | 'Y', a warning's code, what GraphQL is told
  new RegExp(String.raw`^ {4}code: ${CODE}(?: \| ${CODE})*,$`, 'gm'),
  new RegExp(String.raw`Warning',\s*code: ${CODE}`, 'g'),
  new RegExp(String.raw`\bcode: \w+ \? ${CODE} : ${CODE}`, 'g'),
  // the warnings of rateLimit()
  /: ('RATE_LIMIT_\w+'),/g,
];

function codesIn(text: string): string[] {
  const unions = [...text.matchAll(/type \w+Error(?:Code|Details) =([\s\S]+?);\n\n/g)].map(([, union = '']) => union);
  const tables = [...text.matchAll(/HTTP_STATUS = \{([^}]+)\}/g)].map(([, table = '']) =>
    table.replaceAll(/(\w+):/g, "'$1'"),
  );
  const found = NAMED.flatMap((pattern) => [...text.matchAll(pattern)].map(([match]) => match));
  return [...unions, ...tables, ...found].flatMap((part) =>
    [...part.matchAll(new RegExp(CODE, 'g'))].map(([, code = '']) => code),
  );
}

describe('the pages name', () => {
  it('every error and warning', () => {
    const codes = sources('src', '.ts').flatMap(codesIn);
    expect(codes).toEqual(expect.arrayContaining(['DRIFT', 'OUT_OF_STOCK', 'SESSION_GONE', 'CSRF_WITHOUT_SECRET']));
    expect(codes).toEqual(
      expect.arrayContaining(['RATE_LIMIT_NO_KEY', 'SERVER_SILENT', 'LOGIN_NOT_FRESH', 'NOT_DEPLOYED']),
    );
    expect(missing(codes, 'errors.md')).toEqual([]);
  });

  it('every error that a library raises to whoever calls it by name', () => {
    const codes = sources('lua', '.lua').flatMap((text) =>
      [...text.matchAll(/(?:error_reply\(|fail\(work, )'([A-Z]+(?:_[A-Z]+)*)/g)].map(([, code = '']) => code),
    );
    expect(codes).toEqual(expect.arrayContaining(['MISSING_KEY', 'DUPLICATE_KEY']));
    expect(missing(codes, 'errors.md')).toEqual([]);
  });

  it('no error that there is not', () => {
    const text = [...sources('src', '.ts'), ...sources('lua', '.lua')].join('\n');
    const named = headings('errors.md').map((heading) => heading.split(' ')[0] as string);
    expect(named.filter((name) => /^[A-Z_]{4,}$/.test(name) && !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
  });

  it('every event and channel', () => {
    const texts = sources('src', '.ts', ['core', 'rate-limit', 'session', 'cart', 'express', 'nestjs']);
    const declared = texts.flatMap((text) =>
      [...text.matchAll(/interface \w+Events \{\n([\s\S]*?)^\}/gm)].flatMap(([, body = '']) =>
        [...body.matchAll(/^ {2}'?([a-z-]+)'?: \[/gm)].map(([, name = '']) => name),
      ),
    );
    const published = texts.flatMap((text) =>
      [...text.matchAll(/hannel(?:<\w+>)?\('([^']+)'\)|this\.emit\('([^']+)'/g)].map(([, a, b]) => a ?? b ?? ''),
    );
    expect(declared).toEqual(expect.arrayContaining(['near-limit', 'rotated']));
    expect(published).toEqual(expect.arrayContaining(['redis-functions:define', 'circuit', 'gone']));
    expect(missing([...declared, ...published], 'events.md')).toEqual([]);
  });

  it('every header field that is read or written', () => {
    const texts = sources('src', '.ts', ['rate-limit', 'session', 'cart', 'express', 'nestjs']);
    const written = texts.flatMap((text) =>
      [
        ...text.matchAll(
          /(?:[hH]eader\(\s*(?:response,\s*)?|\.set\(|\[|\{ |setHeader\(\s*)'([A-Z][A-Za-z]*(?:-[A-Za-z]+)*)'[,:]/g,
        ),
      ].map(([, name = '']) => name),
    );
    const read = texts.flatMap((text) =>
      [...text.matchAll(/(?:headers\[|\.get\(|forwarded\()'([a-z-]+-[a-z-]+)'/g)].map(([, name = '']) => name),
    );
    expect(written).toEqual(
      expect.arrayContaining(['RateLimit-Policy', 'X-RateLimit-Reset', 'ETag', 'Vary', 'Retry-After']),
    );
    expect(read).toEqual(expect.arrayContaining(['if-match', 'sec-fetch-site', 'x-csrf-token']));
    const named = new Set(headings('events.md').map((heading) => heading.toLowerCase()));
    // methods look alike, and have no small letter
    const fields = [...new Set([...written, ...read])].filter((name) => /[a-z]/.test(name));
    const lacking = fields.filter((name) => !named.has(name.toLowerCase()));
    expect(lacking.sort()).toEqual([]);
  });

  it('every option, as its declaration does', () => {
    for (const { file, text } of optionPages()) {
      // "npm run generate" brings it up to date
      expect(readFileSync(file, 'utf8')).toBe(text);
    }
    const types = PACKAGES.flatMap((name) => publicOptions(name));
    expect(types.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'RedisFunctionsOptions',
        'RateLimiterOptions',
        'Policy',
        'CartServiceOptions',
        'CookieOptions',
      ]),
    );
    const silent = types.flatMap(({ name, options }) =>
      options.filter(({ doc }) => doc === '').map((option) => `${name}.${option.name}`),
    );
    expect(silent).toEqual([]);
  });
});

describe('the links of the pages', () => {
  const slug = (heading: string) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-');
  const anchorsOf = (file: string) =>
    [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => slug(heading));

  it('lead somewhere, to headings as well', () => {
    const links = PAGES.flatMap((page) =>
      [...readFileSync(`${ROOT}${page}`, 'utf8').matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].map(
        ([link, path = '', anchor]) => ({
          page,
          link,
          file: path ? join(ROOT, dirname(page), path) : ROOT + page,
          anchor,
        }),
      ),
    );
    expect(links.length).toBeGreaterThan(80);
    const dead = links.filter(
      ({ file, anchor }) => !existsSync(file) || (anchor !== undefined && !anchorsOf(file).includes(anchor)),
    );
    expect(dead.map(({ page, link }) => `${page}: ${link}`)).toEqual([]);
  });
});
