import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type * as vscode from 'vscode';
import type { SidecarSession } from '../../../extension/sidecar/session.ts';
import { STOP_DICTATION, type DictateResult, type DictationChunk } from '../../../sidecar/protocol/client.ts';
import { fake } from '../documents/support/vscode.ts';
import '../documents/support/useFakeVscode.ts';

const { Dictation } = await import('../../../extension/dictation/dictation.ts');

interface Request {
  readonly tell: (chunk: DictationChunk) => void;
  readonly answer: (result: DictateResult) => void;
}

/** Dictation in a window whose user has consented, with its requests to the sidecar. */
function window() {
  const requests: Request[] = [];
  const notes: unknown[] = [];
  const shown: string[] = [];
  const session = {
    requestStreaming: (_type: unknown, _params: object, tell: Request['tell']) =>
      new Promise<DictateResult>((answer) => requests.push({ tell, answer })),
    notify: async (type: unknown) => void notes.push(type),
  };
  const memory = { get: () => true };
  const dictation = new Dictation(session as unknown as SidecarSession, memory as unknown as vscode.Memento, (error) =>
    assert.fail(String(error)),
  );
  const begin = (into: string) => {
    const released = new AbortController();
    const closed = dictation.start(
      async () => ({ show: async (text) => shown.push(`${into}: ${text}`) > 0 }),
      released.signal,
    );
    return { closed, release: () => released.abort() };
  };
  return { begin, requests, notes, shown };
}

describe('Dictation', () => {
  beforeEach(() => fake.open([], {}));
  afterEach(() => assert.deepEqual(fake.messages, []));

  it('runs one at a time', async () => {
    const { begin, requests, notes } = window();
    const first = begin('one');
    await nextTurn();
    requests[0]!.tell({ isListening: true, text: '' });
    await begin('two').closed;
    assert.equal(requests.length, 1);
    first.release();
    assert.deepEqual(notes, [STOP_DICTATION]);
  });

  it('can start again as soon as the microphone is closed, and then waits until the last words are shown', async () => {
    const { begin, requests, shown } = window();
    const first = begin('one');
    await nextTurn();
    requests[0]!.tell({ isListening: true, text: '' });
    requests[0]!.tell({ isListening: false, text: 'Hello' });
    await first.closed;
    begin('two');
    await nextTurn();
    assert.equal(requests.length, 1);
    requests[0]!.answer({ text: 'Hello there', endedBy: 'stop' });
    await nextTurn();
    assert.equal(requests.length, 2);
    requests[1]!.tell({ isListening: true, text: 'And' });
    await nextTurn();
    assert.deepEqual(shown, ['one: Hello', 'one: Hello there', 'two: And']);
  });

  it('does not start if its key is released before the last words of the previous dictation are shown', async () => {
    const { begin, requests } = window();
    const first = begin('one');
    await nextTurn();
    requests[0]!.tell({ isListening: true, text: '' });
    requests[0]!.tell({ isListening: false, text: '' });
    await first.closed;
    const second = begin('two');
    second.release();
    requests[0]!.answer({ text: '', endedBy: 'stop' });
    await second.closed;
    assert.equal(requests.length, 1);
  });
});
