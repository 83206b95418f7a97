import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { availableMemoryBytes, ofControlGroup, ofVmStat } from '../../../sidecar/models/availableMemory.ts';

const VM_STAT = `Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                                5012.
Pages active:                            391822.
Pages inactive:                          389105.
Pages speculative:                         1883.
Pages throttled:                              0.
Pages wired down:                        148337.
Pages purgeable:                          12044.
"Translation faults":                1287451962.
`;

describe('available memory', () => {
  it('is found on this machine', async () => {
    const bytes = await availableMemoryBytes();
    assert.ok(bytes > 100e6 && bytes < 100e12, `${bytes}`);
  });

  it('includes reclaimable pages on macOS', () => {
    assert.equal(ofVmStat(VM_STAT), 16_384 * (5_012 + 1_883 + 389_105));
  });

  it("falls back to Node if the system's text can't be parsed", () => {
    for (const table of ['', 'Pages free: 12.', VM_STAT.replace('16384', 'some')])
      assert.equal(ofVmStat(table), undefined);
  });

  it('in a container excludes inactive files from the usage', () => {
    assert.equal(
      ofControlGroup('5368709120\n', 'anon 4294967296\ninactive_file 1073741824\nactive_file 0\n'),
      4 * 2 ** 30,
    );
    assert.equal(
      ofControlGroup('5368709120\n', 'inactive_file 1024\ntotal_cache 0\ntotal_inactive_file 1073741824\n'),
      4 * 2 ** 30,
      'version 1: with the groups below it',
    );
    assert.equal(ofControlGroup('5368709120\n', ''), 5 * 2 ** 30);
    for (const usage of ['', 'max\n']) assert.equal(ofControlGroup(usage, 'inactive_file 1\n'), undefined);
  });
});
