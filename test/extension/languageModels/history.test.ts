import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nextCommands } from '../../../extension/languageModels/followUps.ts';
import {
  answerMetadata,
  historyMessages,
  historyPlaces,
  mergeContext,
  type Turn,
} from '../../../extension/languageModels/history.ts';
import type { ContextItem } from '../../../sidecar/protocol/client.ts';

const markdown = (value: string) => ({ value: { value } });
const item = (uri: string | undefined, text: string, lines?: readonly [number, number]): ContextItem => ({
  kind: 'selection',
  uri,
  text,
  lines,
});

describe('the previous turns of @chorus', () => {
  it('become messages, including slash commands', () => {
    const turns: Turn[] = [
      { prompt: 'this function', command: 'explain' },
      {
        response: [
          markdown('It '),
          markdown('adds.'),
          { value: 'a progress note' },
          { value: { command: 'x', title: 'Button' } },
        ],
      },
      { prompt: 'Why?' },
    ];
    assert.deepEqual(historyMessages(turns), [
      { role: 'user', content: '/explain this function' },
      { role: 'assistant', content: 'It adds.' },
      { role: 'user', content: 'Why?' },
    ]);
  });

  it('without words, such as a turn that was cancelled at once, are left out', () => {
    assert.deepEqual(historyMessages([{ prompt: 'x' }, { response: [] }]), [{ role: 'user', content: 'x' }]);
  });

  it('store the places of their context, but never its text', () => {
    const metadata = answerMetadata('explain', [
      item('file:///a.ts', 'secret sauce', [1, 3]),
      item(undefined, 'typed'),
    ]);
    assert.deepEqual(metadata, { command: 'explain', places: [{ uri: 'file:///a.ts', lines: [1, 3] }] });
    const turns: Turn[] = [
      { prompt: 'x' },
      { response: [], result: { metadata } },
      { response: [], result: { metadata } },
    ];
    assert.deepEqual(historyPlaces(turns), [{ uri: 'file:///a.ts', lines: [1, 3] }]);
  });

  it('have no places if their results hold none', () => {
    assert.deepEqual(
      historyPlaces([{ prompt: 'x' }, { response: [], result: { metadata: { places: 'odd' } } }, { response: [] }]),
      [],
    );
  });
});

describe('the context of several turns', () => {
  it('keeps the order of the conversation and each place once', () => {
    const earlier = [item('file:///a.ts', 'a', [0, 1]), item('file:///b.ts', 'b')];
    const now = [item('file:///b.ts', 'b again'), item('file:///a.ts', 'other lines', [5, 6])];
    assert.deepEqual(
      mergeContext(earlier, now).map(({ text }) => text),
      ['a', 'b again', 'other lines'],
    );
  });
});

describe('follow-ups', () => {
  it('fit the command that was answered', () => {
    assert.deepEqual(nextCommands('fix'), ['tests', 'explain']);
    assert.deepEqual(nextCommands(undefined), []);
    assert.deepEqual(nextCommands('nonsense'), []);
  });
});
