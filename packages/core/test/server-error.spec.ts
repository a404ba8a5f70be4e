import { describe, expect, it } from '@jest/globals';
import { parseServerError } from '../src/call/server-error.js';

describe("the parts of a server's error", () => {
  it.each([
    ['ERR user_function:19: boom script: f, on @user_function:19.', { code: 'ERR', message: 'boom', line: 19 }],
    ['ERR user_function:5: boom script: on @user_function:5.', { code: 'ERR', message: 'boom', line: 5 }],
    ['ERR user_script:5: boom script: 0c4b, on @user_script:5.', { code: 'ERR', message: 'boom', line: 5 }],
    [
      'ERR Error running script (call to f_0c4b): @user_script:5: user_script:5: boom',
      { code: 'ERR', message: 'boom', line: 5 },
    ],
    ['MYCODE boom script: f, on @user_function:3.', { code: 'MYCODE', message: 'boom', line: 3 }],
    ['REFUSED not today', { code: 'REFUSED', message: 'not today', line: undefined }],
    ['ERR INVALID_AMOUNT give more', { code: 'INVALID_AMOUNT', message: 'give more', line: undefined }],
    ['Insufficient balance', { code: 'ERR', message: 'Insufficient balance', line: undefined }],
    ['ERR Function not found', { code: 'ERR', message: 'Function not found', line: undefined }],
  ])('%s', (text, parts) => {
    expect(parseServerError(text)).toEqual(parts);
  });
});
