import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromFloat32 } from '../../../kernels/ggml/dequantise.ts';
import { Device } from '../../../kernels/ggml/device.ts';
import { ShapeError } from '../../../kernels/ggml/errors.ts';
import { Storage } from '../../../kernels/ggml/storage.ts';
import { read, write } from '../../../kernels/ggml/transfer.ts';

describe('an alias of a stored tensor', () => {
  it('shares its bytes', () => {
    using device = new Device('cpu');
    using storage = new Storage(device, { maxTensors: 2 });
    storage.declare('before', 'F32', [3]);
    const halves = storage.declare('halves', 'F16', [4, 2]);
    const words = storage.declareAlias('words', halves, 'F32', [2, 2]);
    storage.allocate({ clear: true });
    const values = fromFloat32('F16', Float32Array.of(1, -2, 3.5, 0.25, -0.5, 8, 65_504, 0), 4);
    write(device, halves, values);
    const bytes = new Uint8Array(words.sizeBytes);
    read(device, words, bytes);
    assert.deepEqual(bytes, new Uint8Array(values));
    assert.ok(storage.sizeBytes < 2 * (halves.sizeBytes + 256), 'it takes no memory');
  });

  it('is refused if it is larger', () => {
    using device = new Device('cpu');
    using storage = new Storage(device, { maxTensors: 2 });
    const halves = storage.declare('halves', 'F16', [4, 2]);
    assert.throws(
      () => storage.declareAlias('words', halves, 'F32', [4, 2]),
      new ShapeError('words F32[4, 2, 1, 1] has 32 bytes, more than the 16 of halves F16[4, 2, 1, 1].'),
    );
  });
});
