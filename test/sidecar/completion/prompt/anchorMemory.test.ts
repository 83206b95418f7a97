import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Anchor, AnchorMemory, MOST_TYPED_TOKENS } from '../../../../sidecar/completion/prompt/anchorMemory.ts';

const place = { clientKey: 'window', uri: 'file:///a.ts', maxTokens: 256 };
const PREFIX = 'const first = 1;\nconst second = ';
const SUFFIX = `\n${Array.from({ length: 20 }, (_, line) => `export const line${line} = first + ${line};\n`).join('')}`;
const anchor: Anchor = { prefix: PREFIX, prefixTokens: [1, 2, 3], suffix: SUFFIX };

function memoryWithAnchor(): AnchorMemory {
  const memory = new AnchorMemory();
  memory.hold(place, anchor);
  return memory;
}

describe('the place where prompts are split', () => {
  const memory = memoryWithAnchor();
  const text = (typed: string, suffix = SUFFIX): { prefix: string; suffix: string } => ({
    prefix: PREFIX + typed,
    suffix,
  });

  it('stays while the user types behind it', () => {
    for (const typed of ['', 'f', 'first + 1;\n', 'x'.repeat(MOST_TYPED_TOKENS)])
      assert.equal(memory.find(place, text(typed)), anchor, JSON.stringify(typed));
  });

  it('stays if the editor adds a closer behind the cursor', () => {
    assert.equal(memory.find(place, text('call(', `)${SUFFIX}`)), anchor);
  });

  it('moves after much typed text, and after less in a pause', () => {
    assert.equal(memory.find(place, text('x'.repeat(5 * MOST_TYPED_TOKENS))), undefined);
    const half = text('x'.repeat(3 * MOST_TYPED_TOKENS));
    assert.equal(memory.find(place, half), anchor);
    assert.equal(memory.find(place, half, true), undefined);
  });

  it('moves if other text changed', () => {
    assert.equal(memory.find(place, { prefix: PREFIX.replace('first', 'third'), suffix: SUFFIX }), undefined);
    assert.equal(memory.find(place, text('f', SUFFIX.replace('first', 'third'))), undefined);
  });

  it('moves if the cursor went to the next line', () => {
    const [, line = ''] = SUFFIX.split('\n');
    assert.equal(memory.find(place, text(`\n${line}`, SUFFIX.slice(line.length + 1))), undefined);
  });

  it('is not that of another document, window or size of prompts', () => {
    for (const other of [{ uri: 'file:///b.ts' }, { clientKey: 'other' }, { maxTokens: 512 }])
      assert.equal(memory.find({ ...place, ...other }, text('f')), undefined, JSON.stringify(other));
  });

  it('is the cursor in a new place', () => {
    assert.equal(new AnchorMemory().splitOf(place, text('f')), PREFIX.length + 1);
  });

  it('is the end of the previous line if the user deletes', () => {
    const prefix = PREFIX.slice(0, -2);
    assert.equal(prefix.slice(memory.splitOf(place, { prefix, suffix: SUFFIX })), '\nconst second ');
  });

  it('is forgotten with its document and its window', () => {
    const [byDocument, byWindow] = [memoryWithAnchor(), memoryWithAnchor()];
    byDocument.lost(place);
    byWindow.forget(place.clientKey);
    for (const forgetful of [byDocument, byWindow]) assert.equal(forgetful.find(place, text('f')), undefined);
  });
});
