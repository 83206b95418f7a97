import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { SettlingDocuments } from '../../../sidecar/workspaceIndex/settlingDocuments.ts';

describe('SettlingDocuments', () => {
  let nowMs = 0;
  let taken: string[] = [];
  /** The promise that indexing a document waits for. */
  let work: Promise<void> = Promise.resolve();
  const errors: unknown[] = [];
  let documents: SettlingDocuments;
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    [nowMs, taken, work] = [0, [], Promise.resolve()];
    documents = new SettlingDocuments({
      take: (uri, isClosed) => {
        taken.push(`${uri} ${isClosed ? 'closed ' : ''}at ${nowMs}`);
        return work;
      },
      onError: (error) => errors.push(error),
      now: () => nowMs,
    });
  });
  afterEach(() => mock.timers.reset());

  const pass = async (ms: number): Promise<void> => {
    for (let step = 0; step < ms; step += 10) {
      nowMs += 10;
      mock.timers.tick(10);
      for (let turn = 0; turn < 4; turn++) await Promise.resolve();
    }
  };

  it('indexes a document once after a pause', async () => {
    documents.edited('a');
    await pass(60);
    documents.edited('a');
    await pass(500);
    assert.deepEqual(taken, ['a at 160']);
  });

  it('indexes a document every 200 ms while editing continues', async () => {
    for (let edit = 0; edit < 50; edit++) {
      documents.edited('a');
      await pass(10);
    }
    assert.deepEqual(taken, ['a at 200', 'a at 400']);
    await pass(200);
    assert.deepEqual(taken.slice(2), ['a at 590']);
  });

  it('indexes a document again only after the running indexing', async () => {
    let finish = (): void => undefined;
    work = new Promise((resolve) => (finish = resolve));
    for (let edit = 0; edit < 100; edit++) {
      documents.edited('a');
      await pass(10);
    }
    assert.deepEqual(taken, ['a at 200']);
    work = Promise.resolve();
    finish();
    await pass(200);
    assert.equal(taken.length, 2);
    await pass(500);
    assert.equal(taken.length, 2);
  });

  it('indexes a document again after a failure, and reports the failure', async () => {
    work = Promise.reject(new Error('gone'));
    documents.edited('a');
    await pass(200);
    documents.edited('a');
    await pass(200);
    assert.deepEqual(taken, ['a at 100', 'a at 300']);
    assert.deepEqual(errors.map(String), ['Error: gone', 'Error: gone']);
  });

  it('lets documents not wait for each other', async () => {
    work = new Promise(() => undefined);
    documents.edited('a');
    await pass(150);
    documents.edited('b');
    await pass(150);
    assert.deepEqual(taken, ['a at 100', 'b at 250']);
  });

  it('indexes an open or a close at once, even while the document is being indexed', async () => {
    documents.edited('a');
    documents.set('a', false);
    await pass(10);
    work = new Promise(() => undefined);
    documents.edited('a');
    await pass(100);
    documents.edited('a');
    documents.set('a', true);
    await pass(500);
    assert.deepEqual(taken, ['a at 10', 'a at 110', 'a closed at 120']);
  });

  it('indexes nothing after `clear`', async () => {
    documents.edited('a');
    documents.clear();
    await pass(500);
    assert.deepEqual(taken, []);
  });
});
