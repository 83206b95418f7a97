import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadGgml } from '../../../kernels/ggml/libraries.ts';
import { CALLS_BEGUN, CALLS_ENDED, countNativeCall, nativeCalls } from '../../../kernels/ggml/nativeCalls.ts';

const running = (): number => Atomics.load(nativeCalls, CALLS_BEGUN) - Atomics.load(nativeCalls, CALLS_ENDED);

describe('countNativeCall', () => {
  it('counts until the call returns or throws', () => {
    assert.equal(countNativeCall(running), 1);
    assert.throws(
      () =>
        countNativeCall(() => {
          throw new Error('It failed.');
        }),
      /It failed/,
    );
    assert.equal(running(), 0);
  });

  it('counts until the promise resolves or rejects', async () => {
    for (const outcome of [Promise.resolve(7), Promise.reject(new Error('It failed.'))]) {
      const call = countNativeCall(() => outcome);
      assert.equal(running(), 1);
      await Promise.allSettled([call]);
      assert.equal(running(), 0);
    }
  });

  it('wraps the long calls of ggml, and keeps their asynchronous form', () => {
    const { functions } = loadGgml('cpu');
    const before = Atomics.load(nativeCalls, CALLS_BEGUN);
    const device = functions.ggml_backend_dev_get(0);
    assert.equal(Atomics.load(nativeCalls, CALLS_BEGUN), before);
    functions.ggml_backend_free(functions.ggml_backend_dev_init(device, null));
    assert.equal(Atomics.load(nativeCalls, CALLS_BEGUN), before + 2);
    assert.equal(running(), 0);
    assert.equal(typeof functions.ggml_backend_graph_compute.async, 'function');
  });
});
