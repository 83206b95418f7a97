import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { replayPrompts } from '../../../../../sidecar/models/chorus/selection/replayPrompts.ts';

const bytesOf = (text: string): number[] => [...Buffer.from(text)];
const FIRST = bytesOf('\n\nRepeat the previous context exactly.\n');

describe('replayPrompts', () => {
  const replay = replayPrompts(bytesOf);
  const context = Array.from({ length: 4_100 }, (_, index) => 1_000 + index);

  it('repeats a short context at once', () => {
    assert.deepEqual(replay(context.slice(0, 2_048)), [[...FIRST, ...context.slice(0, 2_048)]]);
  });

  it('repeats a long context in stretches of 2,048 tokens, each after the last tokens of the stretch before', () => {
    const later = (start: number, end: number): number[] => [
      ...bytesOf('\n\nRepeat the part of the previous context exactly, starting with'),
      ...context.slice(start - 8, start),
      ...bytesOf('\n'),
      ...context.slice(start, end),
    ];
    assert.deepEqual(replay(context), [
      [...FIRST, ...context.slice(0, 2_048)],
      later(2_048, 4_096),
      later(4_096, 4_100),
    ]);
  });

  it('repeats nothing of an empty context', () => {
    assert.deepEqual(replay([]), []);
  });
});
