import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  AnchorMemory,
  MOST_TYPED_TOKENS,
  type Split,
  type Surroundings,
  takesAnchors,
} from '../../../../sidecar/completion/prompt/anchorMemory.ts';
import { readCursor } from '../../../../sidecar/completion/cursor.ts';
import { detectFim } from '../../../../sidecar/completion/prompt/fim.ts';
import type { LoadedModel } from '../../../../sidecar/protocol/engine.ts';
import { requestAt } from '../cursorAt.ts';
import { ScriptedEngine } from '../scriptedEngine.ts';

const place = { clientKey: 'window', uri: 'file:///a.ts', maxTokens: 256 };
const PREFIX = 'const first = 1;\nconst second = ';
const SUFFIX = `\n${Array.from({ length: 20 }, (_, line) => `export const line${line} = first + ${line};\n`).join('')}`;
const split: Split = { prefix: PREFIX, prefixTokens: [1, 2, 3], suffix: SUFFIX };
const model: LoadedModel = new ScriptedEngine().loaded;

/** A place in a document, all of which is in the prompt. */
function surroundings(prefix: string, suffix = SUFFIX): Surroundings {
  const cursor = readCursor(requestAt(`${prefix}‸${suffix}`))!;
  return { model, cursor, text: { prefix: cursor.before, suffix: cursor.after } };
}

function memoryWithAnchor(): AnchorMemory {
  const memory = new AnchorMemory();
  memory.hold(place, split, surroundings(PREFIX));
  return memory;
}

describe('the place where prompts are split', () => {
  const memory = memoryWithAnchor();
  const anchorAfter = (prefix: string, suffix?: string): Split | undefined =>
    memory.find(place, surroundings(prefix, suffix))?.anchor;

  it('stays while the user types behind it', () => {
    for (const typed of ['', 'f', 'first + 1;\n', 'x'.repeat(MOST_TYPED_TOKENS)])
      assert.equal(anchorAfter(PREFIX + typed), split, JSON.stringify(typed));
  });

  it('stays if the editor adds closers behind the cursor', () => {
    assert.equal(anchorAfter(`${PREFIX}call(`, `)${SUFFIX}`), split);
    assert.equal(anchorAfter(`${PREFIX}call({`, `})${SUFFIX}`), split);
  });

  it('moves after much typed text, and after less in a pause', () => {
    assert.equal(anchorAfter(PREFIX + 'x'.repeat(5 * MOST_TYPED_TOKENS)), undefined);
    const half = surroundings(PREFIX + 'x'.repeat(3 * MOST_TYPED_TOKENS));
    assert.equal(memory.find(place, half)?.anchor, split);
    assert.equal(memory.find(place, half, true), undefined);
  });

  it('moves if other text changed: before it, behind it or at the end', () => {
    assert.equal(anchorAfter(PREFIX.replace('first', 'third')), undefined);
    assert.equal(anchorAfter(`${PREFIX}f`, SUFFIX.replace('first', 'third')), undefined);
    assert.equal(anchorAfter(`${PREFIX}f`, `${SUFFIX}export {};\n`), undefined);
    assert.equal(anchorAfter(`${PREFIX}f`, SUFFIX.slice(0, -40)), undefined);
  });

  it('moves if the cursor passed a line or a closer', () => {
    const [, line = ''] = SUFFIX.split('\n');
    assert.equal(anchorAfter(`${PREFIX}\n${line}`, SUFFIX.slice(line.length + 1)), undefined);
    const closed = new AnchorMemory();
    closed.hold(place, { ...split, suffix: `)${SUFFIX}` }, surroundings(PREFIX, `)${SUFFIX}`));
    assert.equal(closed.find(place, surroundings(`${PREFIX})`)), undefined);
  });

  it('may have a suffix of another length if suffixes are cut to a budget', () => {
    const { cursor } = surroundings(`${PREFIX}call(`, `)${SUFFIX}`);
    const text = { prefix: cursor.before, suffix: cursor.after.slice(0, -40) };
    assert.equal(memory.find(place, { model, cursor, text })?.anchor, split);
  });

  it('stays if the prompt’s text begins further on meanwhile, as in a long document', () => {
    const { cursor, text } = surroundings(`${PREFIX}first`);
    const later = { ...text, prefix: text.prefix.slice(PREFIX.indexOf('\n') + 1) };
    assert.deepEqual(memory.find(place, { model, cursor, text: later }), { anchor: split, prefix: `${PREFIX}first` });
  });

  it('is not that of another document, window, size of prompts or model', () => {
    for (const other of [{ uri: 'file:///b.ts' }, { clientKey: 'other' }, { maxTokens: 512 }])
      assert.equal(memory.find({ ...place, ...other }, surroundings(PREFIX)), undefined, JSON.stringify(other));
    assert.equal(memory.find(place, { ...surroundings(PREFIX), model: { ...model } }), undefined);
  });

  it('is the cursor in a new place', () => {
    assert.equal(new AnchorMemory().splitOf(place, surroundings(`${PREFIX}f`)), PREFIX.length + 1);
  });

  it('is the end of the previous line if the user deletes', () => {
    const prefix = PREFIX.slice(0, -2);
    assert.equal(prefix.slice(memory.splitOf(place, surroundings(prefix))), '\nconst second ');
  });

  it('is forgotten with its document and its window', () => {
    const [byDocument, byWindow] = [memoryWithAnchor(), memoryWithAnchor()];
    byDocument.lost(place);
    byWindow.forget(place.clientKey);
    for (const forgetful of [byDocument, byWindow])
      assert.equal(forgetful.find(place, surroundings(PREFIX)), undefined);
  });
});

describe('models whose prompts can be split before the cursor', () => {
  const MARKS = ['<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>'];
  const takes = async (engine: ScriptedEngine): Promise<boolean> =>
    takesAnchors(engine, await detectFim(engine, engine.loaded));

  it('read the text behind the cursor last, and have a middle mark', async () => {
    assert.equal(await takes(new ScriptedEngine(MARKS, { name: 'Qwen2.5-Coder' })), true);
    assert.equal(await takes(new ScriptedEngine()), false);
    const mellum = ['<fim_prefix>', '<fim_suffix>', '<fim_middle>'];
    assert.equal(await takes(new ScriptedEngine(mellum, { name: 'Mellum-4b' })), false);
  });

  it('have a tokenizer that adds no space', async () => {
    class Spaced extends ScriptedEngine {
      override tokenize(text: string, options?: { special?: boolean }): Promise<readonly number[]> {
        return super.tokenize(options?.special === true ? text : ` ${text}`, options);
      }
    }
    assert.equal(await takes(new Spaced(MARKS, { name: 'Qwen2.5-Coder' })), false);
  });
});
