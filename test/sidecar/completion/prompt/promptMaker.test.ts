import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commonPrefixLength } from '../../../../sidecar/common/commonPrefix.ts';
import type { Extent } from '../../../../sidecar/completion/multiline.ts';
import { MOST_TYPED_TOKENS } from '../../../../sidecar/completion/prompt/anchorMemory.ts';
import {
  type ContextPrompt,
  PromptMaker,
  type PromptPurpose,
} from '../../../../sidecar/completion/prompt/promptMaker.ts';
import type { TokenId } from '../../../../sidecar/protocol/engine.ts';
import { readCursor } from '../../../../sidecar/completion/cursor.ts';
import { requestAt } from '../cursorAt.ts';
import { ScriptedEngine } from '../scriptedEngine.ts';

const LINES = Array.from({ length: 400 }, (_, index) => `let value${index} = ${index};`);
const request = requestAt(`${LINES.slice(0, 300).join('\n')}\nlet x = ‸\n${LINES.slice(300).join('\n')}`);
/** Tokens per second. A cold prompt is 256 tokens. */
const SPEED = 200;

/** Returns the number of a prompt's tokens if an engine holds all of them but `newTokens`. */
async function tokensOf(purpose: PromptPurpose, newTokens: number): Promise<number> {
  const engine = new ScriptedEngine([], { contextSizeTokens: 8_192 });
  const prompts = new PromptMaker({
    session: engine.session,
    speeds: { of: () => SPEED, note: () => undefined },
    now: () => 0,
    newTokens: () => newTokens,
    onOtherModel: () => undefined,
  });
  const model = engine.loaded;
  const prompt = await prompts.make({
    request,
    cursor: readCursor(request)!,
    model,
    fim: await prompts.fimOf(model),
    extent: { multiline: false, maxTokens: 48 },
    purpose,
  });
  return prompt.tokens.length;
}

describe('a long document’s part of a prompt', () => {
  it('is limited to the tokens that can be evaluated while a user waits, if the engine holds none of it', async () => {
    const tokens = await tokensOf('asked', Infinity);
    assert.ok(tokens > 128 && tokens <= 256 + 16, String(tokens));
  });

  it('is four times as long if the engine holds most of it, or if it is read ahead', async () => {
    for (const tokens of [
      await tokensOf('asked', 40),
      await tokensOf('preparing', 40),
      await tokensOf('readingAhead', Infinity),
    ])
      assert.ok(tokens > 600 && tokens <= 1_024 + 16, String(tokens));
  });
});

/** Its tokens are pieces of four units, and marks. */
class PieceEngine extends ScriptedEngine {
  readonly #pieces: string[] = [];

  override async tokenize(text: string, options?: { special?: boolean }): Promise<readonly TokenId[]> {
    if (options?.special === true) return super.tokenize(text, options);
    return (text.match(/[^]{1,4}/g) ?? []).map((piece) => {
      if (!this.#pieces.includes(piece)) this.#pieces.push(piece);
      return this.#pieces.indexOf(piece);
    });
  }

  override async detokenize(tokens: readonly TokenId[]): Promise<string> {
    const texts = tokens.map(async (token) => this.#pieces[token] ?? super.detokenize([token]));
    return (await Promise.all(texts)).join('');
  }
}

describe('prompts while a user types, for a model that reads the text behind the cursor last', () => {
  const MARKS = ['<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>'];
  const ABOVE = 'const count = 1;\nconst total = ';
  const BELOW = `\n${'export { count, total };\n'.repeat(8)}`;

  interface Asked {
    readonly text: string;
    readonly purpose?: PromptPurpose;
    readonly extent?: Extent;
  }

  /** A document and a model that holds the last prompt. */
  function typist({ below = BELOW, speed = 1_000, Engine = ScriptedEngine } = {}) {
    const engine = new Engine(MARKS, { name: 'Qwen2.5-Coder', contextSizeTokens: 8_192 });
    let held: readonly TokenId[] = [];
    const newTokens = (tokens: readonly TokenId[]): number => tokens.length - commonPrefixLength(held, tokens);
    const prompts = new PromptMaker({
      session: engine.session,
      speeds: { of: () => speed, note: () => undefined },
      now: () => 0,
      newTokens: (_, tokens) => newTokens(tokens),
      onOtherModel: () => undefined,
    });
    const ask = async (
      { text, purpose = 'asked', extent = { multiline: false, maxTokens: 48 } }: Asked,
      model = engine.loaded,
    ): Promise<{ readonly prompt: string; readonly evaluated: number; readonly made: ContextPrompt }> => {
      const request = requestAt(`${text}‸${below}`);
      const fim = await prompts.fimOf(model);
      const made = await prompts.make({ request, cursor: readCursor(request)!, model, fim, extent, purpose });
      const evaluated = newTokens(made.tokens);
      if (purpose === 'asked') held = made.tokens;
      return { prompt: (await engine.detokenize(made.tokens)) + made.requiredPrefix, evaluated, made };
    };
    return { ask, engine, prompts };
  }

  /** Returns the prompts of a user who types, as text. */
  async function promptsOf(typed: readonly string[]): Promise<readonly string[]> {
    const { ask } = typist();
    const made: string[] = [];
    for (const text of typed) made.push((await ask({ text })).prompt);
    return made;
  }

  it('end with the typed text, behind the middle mark', async () => {
    const [first, second, third] = await promptsOf([ABOVE, `${ABOVE}count`, `${ABOVE}count + 2;\nconst `]);
    assert.equal(first, `<|fim_prefix|>const count = 1;\nconst total =<|fim_suffix|>${BELOW}<|fim_middle|> `);
    assert.equal(second, `${first}count`);
    assert.equal(third, `${first}count + 2;\nconst `);
  });

  it('split the text at the cursor again if the user goes elsewhere', async () => {
    const [, second] = await promptsOf([ABOVE, 'const co']);
    assert.equal(second, `<|fim_prefix|>const <|fim_suffix|>${BELOW}<|fim_middle|>co`);
  });

  it('begin alike while the user deletes', async () => {
    const deletions = await promptsOf([ABOVE, ABOVE.slice(0, -3), ABOVE.slice(0, -4), ABOVE.slice(0, -8)]);
    const head = `<|fim_prefix|>const count = 1;<|fim_suffix|>${BELOW}<|fim_middle|>`;
    assert.deepEqual(
      deletions.slice(1),
      ['\nconst total', '\nconst tota', '\nconst '].map((line) => head + line),
    );
  });

  it('are split at the cursor after another model was loaded', async () => {
    const { ask, engine } = typist();
    await ask({ text: ABOVE });
    const other = { ...engine.loaded, path: '/models/other.gguf' };
    const { prompt } = await ask({ text: `${ABOVE}sum` }, other);
    assert.equal(prompt, `<|fim_prefix|>${ABOVE}<|fim_suffix|>${BELOW}<|fim_middle|>sum`);
  });

  it('are split elsewhere only by a prompt that a user waits for, or by one that was read ahead', async () => {
    const typed = 'x'.repeat(3 * MOST_TYPED_TOKENS);
    const { ask } = typist({ Engine: PieceEngine });
    const { prompt } = await ask({ text: ABOVE });
    await ask({ text: 'const ', purpose: 'preparing' });
    assert.equal((await ask({ text: `${ABOVE}count` })).prompt, `${prompt}count`);
    const ahead = await ask({ text: `${ABOVE}${typed} `, purpose: 'readingAhead' });
    assert.ok(!ahead.prompt.startsWith(prompt), 'it is split at the cursor');
    const before = await ask({ text: `${ABOVE}${typed} ` });
    ahead.made.hold();
    const after = await ask({ text: `${ABOVE}${typed} ` });
    assert.ok(before.prompt.startsWith(prompt));
    assert.equal(after.prompt, ahead.prompt);
  });

  it('are split at the cursor if the engine lost the document', async () => {
    const { ask, prompts } = typist();
    const { prompt } = await ask({ text: ABOVE });
    prompts.lost(requestAt('‸'));
    assert.ok(!(await ask({ text: `${ABOVE}count + ` })).prompt.startsWith(prompt));
  });

  it('leave room in the context for the typed text', async () => {
    const { ask } = typist({ below: `\n${'export { count, total };\n'.repeat(400)}` });
    const above = 'const value = 1;\n'.repeat(800);
    const { made } = await ask({ text: above, purpose: 'readingAhead' });
    assert.ok(made.tokens.length + MOST_TYPED_TOKENS + 48 < 8_192);
  });

  it('cost few tokens per keystroke in a long document, also where a block opens', async () => {
    const { ask } = typist({ below: `\n${LINES.slice(300).join('\n')}`, speed: 340 });
    const above = `${LINES.slice(0, 300).join('\n')}\n`;
    const typed = 'function add(first, second) {\n  return first + second;\n}\nconst sum = add(1, 2);';
    await ask({ text: above });
    let evaluated = 0;
    for (let units = 1; units <= typed.length; units++) {
      const text = above + typed.slice(0, units);
      const multiline = /[{]\n? *$/.test(text);
      const asked = await ask({ text, extent: { multiline, maxTokens: multiline ? 200 : 32 } });
      assert.ok(asked.evaluated <= 8, `${asked.evaluated} tokens at ${JSON.stringify(text.slice(-20))}`);
      evaluated += asked.evaluated;
    }
    assert.ok(evaluated <= 3 * typed.length, `${evaluated} tokens for ${typed.length} keystrokes`);
  });
});
