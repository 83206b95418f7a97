import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { it } from 'node:test';
import { Device } from '../../../kernels/ggml/device.ts';
import { Storage } from '../../../kernels/ggml/storage.ts';

const hasHugePages = existsSync('/sys/kernel/mm/transparent_hugepage/enabled');

/** The size in bytes of the largest mapping with advice for huge pages. */
function largestAdvisedBytes(): number {
  const mappings = readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const advised = mappings.filter((mapping) => /^VmFlags:.*\bhg\b/m.test(mapping));
  return Math.max(0, ...advised.map((mapping) => Number(/^Size: +(\d+) kB/m.exec(mapping)?.[1]) * 1024));
}

it('asks Linux for huge pages for large processor tensors, and not for small ones', { skip: !hasHugePages }, () => {
  using device = new Device('cpu', { threads: 1 });
  const before = largestAdvisedBytes();
  using small = new Storage(device, { maxTensors: 1 });
  small.declare('small', 'F32', [2 ** 19]);
  small.allocate();
  assert.equal(largestAdvisedBytes(), before);
  using large = new Storage(device, { maxTensors: 1 });
  large.declare('large', 'F32', [2 ** 25]);
  large.allocate();
  assert.ok(large.sizeBytes - largestAdvisedBytes() < 2 ** 22, `${largestAdvisedBytes()} of ${large.sizeBytes}`);
});
