import { describe, expect, it } from '@jest/globals';
import { assertHashTag, encodeKeyPart, InvalidArgumentError } from '../src/index.js';

describe('key names', () => {
  it.each(['shop', 'a.b-c_9', 'x'.repeat(64)])('take the hash tag %j', (tag) => {
    expect(() => assertHashTag('shop', tag)).not.toThrow();
  });

  it.each(['', 'a}b', '{', 'a b', 'é', 'x'.repeat(65), 'a:b', null, 7])('refuse the hash tag %j', (tag) => {
    expect(() => assertHashTag('shop', tag)).toThrow(InvalidArgumentError);
  });

  it('keep different texts apart, whatever they contain', () => {
    const texts = [
      'a',
      'a:b',
      'a%3Ab',
      'a{b}',
      'a}b',
      'a b',
      'a\nb',
      'a\u0000b',
      '\ud800',
      '\ud801',
      '%ud800',
      '😀',
      '',
    ];
    const encoded = texts.map(encodeKeyPart);
    expect(new Set(encoded).size).toBe(texts.length);
    for (const text of encoded) expect(text).toMatch(/^[^{}:\s]*$/);
    // what arrives in Redis is UTF-8: still different there
    expect(new Set(encoded.map((text) => Buffer.from(text).toString('hex'))).size).toBe(texts.length);
  });

  // U+009B begins a command of a terminal, as ESC [ does: whoever lists keys would run it
  it('have no control character', () => {
    const controls = Array.from({ length: 0xa1 }, (_, code) => String.fromCharCode(code)).filter((text) =>
      /\p{Cc}/u.test(text),
    );
    expect(controls).toHaveLength(65);
    expect(encodeKeyPart(controls.join(''))).toMatch(/^(?:%[0-9A-F]{2})+$/);
  });
});
