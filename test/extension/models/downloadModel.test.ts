import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { SidecarSession } from '../../../extension/sidecar/session.ts';
import { TroubleError } from '../../../extension/sidecar/troubleError.ts';
import type { CatalogueShelfEntry, ShelfQuantisation } from '../../../sidecar/protocol/client.ts';
import '../documents/support/useFakeVscode.ts';

const { downloadModel } = await import('../../../extension/models/downloadModel.ts');
const { CancellationError, fake } = await import('../documents/support/vscode.ts');

const entry = {
  id: 'tiny',
  name: 'Tiny',
  licence: { name: 'MIT', commercialUse: true },
} as unknown as CatalogueShelfEntry;
const quantisation = { type: 'Q8_0', state: 'absent' } as ShelfQuantisation;
const endingWith = (error: Error): SidecarSession =>
  ({ requestStreaming: () => Promise.reject(error) }) as unknown as SidecarSession;

describe('a download', () => {
  beforeEach(() => fake.open([], {}));

  it('shows no message if it ends because its model is removed', async () => {
    assert.equal(await downloadModel(endingWith(new CancellationError()), entry, quantisation), undefined);
    assert.deepEqual(fake.messages, []);
  });

  it('shows the reason of a failure', async () => {
    downloadModel(endingWith(new Error('The disk is full.')), entry, quantisation).catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(fake.messages, ['The disk is full.']);
  });

  it('can be resumed after a failure, or settings can be changed', async () => {
    const failure = new TroubleError({ code: 'download-failed', message: 'The host is unknown.' });
    downloadModel(endingWith(failure), entry, quantisation).catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(fake.buttons, [['Resume', 'Settings', 'Open Output']]);
  });
});
