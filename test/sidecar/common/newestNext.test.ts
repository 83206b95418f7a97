import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NewestNext } from '../../../sidecar/common/newestNext.ts';

describe('NewestNext', () => {
  it('runs one task at a time and skips all waiting tasks but the newest', async () => {
    const works = new NewestNext();
    const begun: string[] = [];
    let finish = (): void => undefined;
    const run = (name: string): Promise<void> =>
      works.run(() => {
        begun.push(name);
        return new Promise((resolve) => (finish = resolve));
      });
    const all = ['first', 'second', 'third'].map(run);
    assert.deepEqual(begun, ['first']);
    finish();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(begun, ['first', 'third']);
    assert.equal(works.isBusy, true);
    finish();
    await Promise.all(all);
    assert.equal(works.isBusy, false);
  });

  it('goes on after a task that failed', async () => {
    const works = new NewestNext();
    await assert.rejects(
      works.run(() => Promise.reject(new Error('failed'))),
      /failed/,
    );
    assert.equal(works.isBusy, false);
    await works.run(() => Promise.resolve());
  });
});
