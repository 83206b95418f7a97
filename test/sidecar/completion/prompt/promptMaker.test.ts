import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PromptMaker, type PromptPurpose } from '../../../../sidecar/completion/prompt/promptMaker.ts';
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

describe('prompts while a user types, for a model that reads the text behind the cursor last', () => {
  const MARKS = ['<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>'];
  const ABOVE = 'const count = 1;\nconst total = ';
  const BELOW = `\n${'export { count, total };\n'.repeat(8)}`;

  /** Returns the prompts of a user who types, as text. */
  async function promptsOf(typed: readonly string[]): Promise<readonly string[]> {
    const engine = new ScriptedEngine(MARKS, { name: 'Qwen2.5-Coder', contextSizeTokens: 8_192 });
    const prompts = new PromptMaker({
      session: engine.session,
      now: () => 0,
      newTokens: () => 0,
      onOtherModel: () => undefined,
    });
    const made: string[] = [];
    for (const text of typed) {
      const request = requestAt(`${text}‸${BELOW}`);
      const model = engine.loaded;
      const { tokens, requiredPrefix } = await prompts.make({
        request,
        cursor: readCursor(request)!,
        model,
        fim: await prompts.fimOf(model),
        extent: { multiline: false, maxTokens: 48 },
        purpose: 'asked',
      });
      made.push((await engine.detokenize(tokens)) + requiredPrefix);
    }
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
});
