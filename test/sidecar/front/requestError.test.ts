import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import { parseParams, toResponseError } from '../../../sidecar/front/requestError.ts';

const going = new AbortController().signal;

describe('the error response of a failed request', () => {
  it("omits the error's message, which may quote code", () => {
    for (const error of [
      new TypeError('const password = 1'),
      new Error('const password = 1', { cause: new Error('const password = 1') }),
      'const password = 1',
    ]) {
      const { code, message, data } = toResponseError(error, going);
      assert.equal(code, -32603);
      assert.match(message, /^Chorus failed \((TypeError|Error|string)\)/);
      assert.doesNotMatch(JSON.stringify([message, data]), /password/);
    }
  });

  it('has the message of a TroubleError, also if the request was cancelled meanwhile', () => {
    for (const signal of [going, AbortSignal.abort()])
      assert.equal(
        toResponseError(new TroubleError('disk-full', 'The disk is full.'), signal).message,
        'The disk is full.',
      );
  });

  it('reports a cancellation', () =>
    assert.equal(toResponseError(new Error('aborted'), AbortSignal.abort()).code, -32800));
});

describe('invalid params', () => {
  it('are reported by path and expected type, without their values', () => {
    const schema = z.object({ text: z.string().max(3), count: z.number() });
    for (const params of [
      { text: 'password', count: 1 },
      { text: 'abc', count: 'password' },
    ]) {
      assert.throws(
        () => parseParams(schema, params),
        (error: Error) => {
          assert.match(error.message, /^params\.(text|count): /);
          assert.doesNotMatch(error.message, /password/);
          return true;
        },
      );
    }
  });
});
