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
