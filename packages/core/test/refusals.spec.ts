import { describe, expect, it } from '@jest/globals';
import { isFunctionNotFound, isPassingRefusal } from '../src/call/refusals.js';

describe('an answer that refuses a call', () => {
  it.each([
    'TRYAGAIN Multiple keys request during rehashing of slot',
    'CLUSTERDOWN The cluster is down',
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    'LOADING Redis is loading the dataset in memory',
    'BUSY Valkey is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.',
  ])('passes: %s', (message) => {
    expect(isPassingRefusal(message, false)).toBe(true);
  });

  it('passes where the client finds the new primary, and only there', () => {
    const message = "READONLY You can't write against a read only replica.";
    expect([isPassingRefusal(message, true), isPassingRefusal(message, false)]).toEqual([true, false]);
  });

  it.each([
    'ERR Function not found',
    "OOM command not allowed when used memory > 'maxmemory'.",
    'NOPERM User app has no permissions to run the fcall command',
    'CROSSSLOT Keys in request do not hash to the same slot',
    // from inside: the function has run up to there
    'BUSY somebody else script: f, on @user_function:3.',
    'LOADING',
  ])('does not pass: %s', (message) => {
    expect(isPassingRefusal(message, true)).toBe(false);
  });

  it('may say that the function is lost', () => {
    expect([isFunctionNotFound('ERR Function not found'), isFunctionNotFound('ERR no such key')]).toEqual([
      true,
      false,
    ]);
  });
});
