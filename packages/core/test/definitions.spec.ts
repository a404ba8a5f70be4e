import { describe, expect, it } from '@jest/globals';
import { defineFunction, defineLibrary, InvalidDefinitionError } from '../src/index.js';
import { counterCode, counterLibrary } from './counter-library.js';

const echo = defineFunction('echo', { encode: () => ({ keys: [] }), decode: (reply) => reply });

describe('a library definition', () => {
  it('takes name and version from the text, and keeps the text byte for byte', () => {
    const library = counterLibrary({ version: '1.20.3' });
    expect(library).toMatchObject({ name: 'counter', version: '1.20.3', code: counterCode({ version: '1.20.3' }) });
    expect(library.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('finds the version in the comment block under the first line, and only there', () => {
    const version = (code: string) => defineLibrary({ code, functions: { echo } }).version;
    expect(version('#!lua name=a\n-- The counter.\n--\n-- @version 2.0.0\nlocal x = 1')).toBe('2.0.0');
    expect(version('#!lua name=a\r\n-- @version 2.0.0\r\n')).toBe('2.0.0');
    expect(version('#!lua name=a\nlocal x = 1\n-- @version 2.0.0')).toBeUndefined();
    expect(version('#!lua name="a"\n')).toBeUndefined();
  });

  it.each([
    ['', 'does not begin'],
    ['return 1', 'does not begin'],
    ['\uFEFF#!lua name=a\n', 'byte order mark'],
    ['\n#!lua name=a\n', 'white space'],
    ['#!lua name=a', 'does not begin'],
    ['#!lua name=a-b\n', 'does not begin'],
    ['#!js name=a\n', 'does not begin'],
    ['#!lua name=a\n-- @version 1.0\n', 'is not three numbers'],
    ['#!lua name=a\n-- @version v1.0.0\n', 'is not three numbers'],
  ])('refuses the text %j', (code, reason) => {
    expect(() => defineLibrary({ code, functions: { echo } })).toThrow(InvalidDefinitionError);
    expect(() => defineLibrary({ code, functions: { echo } })).toThrow(reason);
  });

  it('refuses no functions, names that Redis refuses, and names that differ only by case', () => {
    expect(() => defineLibrary({ code: '#!lua name=a\n', functions: {} })).toThrow('binds no function');
    const options = { encode: () => ({ keys: [] }), decode: (reply: unknown) => reply };
    expect(() => defineFunction('cart-add', options)).toThrow('letters, digits and _');
    const functions = { a: defineFunction('add', options), b: defineFunction('Add', options) };
    expect(() => defineLibrary({ code: '#!lua name=a\n', functions })).toThrow('takes for one name');
  });
});
