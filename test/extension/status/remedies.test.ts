import assert from 'node:assert/strict';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { useLanguage } from '../../../l10n/currentLanguage.ts';
import { SidecarError } from '../../../sidecar/common/sidecarError.ts';
import type { TroubleCode } from '../../../sidecar/protocol/client.ts';
import { TroubleError } from '../../../extension/sidecar/troubleError.ts';
import '../documents/support/useFakeVscode.ts';

const { showFailure, UnusableAnswerError } = await import('../../../extension/status/remedies.ts');
const { withCancellableProgress } = await import('../../../extension/actions/failure.ts');
const { fake } = await import('../documents/support/vscode.ts');

const texts = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../l10n');
const trouble = (code: TroubleCode): TroubleError => new TroubleError({ code, message: 'It failed.' });

describe('a failure', () => {
  beforeEach(() => fake.open([], {}));
  afterEach(() => useLanguage(texts, 'en'));

  for (const [what, error, buttons] of [
    ['a model that does not fit', trouble('out-of-memory'), ['Choose Model…', 'Open Output']],
    ['a damaged model', trouble('invalid-model'), ['Choose Model…', 'Open Output']],
    ["a text longer than the model's context", trouble('context-overflow'), ['Choose Model…', 'Settings']],
    ['an engine that crashed', trouble('engine-crashed'), ['Restart Sidecar', 'Open Output']],
    ['a server that does not answer', trouble('server-unavailable'), ['Use the Local Model', 'Settings']],
    ['a failed download', trouble('download-failed'), ['Settings', 'Open Output']],
    ['a sidecar that does not start', new SidecarError('start-failed', 'No.'), ['Restart Sidecar', 'Open Output']],
    ['an answer without content', new UnusableAnswerError('The model wrote nothing.'), ['Choose Model…']],
    ['a text that is too large', new SidecarError('message-too-large', 'No.'), []],
    ['any other error', new Error('Select a smaller part.'), []],
    ['an error of the file system', Object.assign(new Error('No.'), { code: 'ENOENT' }), []],
  ] as const) {
    it(`offers what helps: ${what}`, () => {
      showFailure(error);
      assert.deepEqual(fake.buttons, [buttons]);
    });
  }

  it('is shown in the language of the interface, and so are its buttons', () => {
    useLanguage(texts, 'de');
    showFailure(trouble('out-of-memory'));
    assert.deepEqual(fake.messages, ['Das Modell passt nicht in den Arbeitsspeicher. It failed.']);
    assert.deepEqual(fake.buttons, [['Modell auswählen…', 'Ausgabe öffnen']]);
  });

  it('runs the command of the pressed button', async () => {
    fake.pressed = 'Choose Model…';
    const ran = new Promise((resolve) => (fake.executeCommand = async (command) => resolve(command)));
    showFailure(trouble('no-model'));
    assert.equal(await ran, 'chorus.chooseModel');
  });

  it('of a command names the command', async () => {
    await withCancellableProgress('Fix with Chorus', () => Promise.reject(trouble('engine-failed')));
    assert.deepEqual(fake.messages, ['Fix with Chorus: It failed.']);
    assert.deepEqual(fake.buttons, [['Restart Sidecar', 'Open Output']]);
  });
});
