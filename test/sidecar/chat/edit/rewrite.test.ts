import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rewritePrompt } from '../../../../sidecar/chat/edit/rewrite.ts';
import type { ModelSession } from '../../../../sidecar/engine/engine.ts';
import type { LoadedModel } from '../../../../sidecar/protocol/engine.ts';
import { REASONING_PROMPT_ENDS, reasoningEngine } from '../reasoningEngine.ts';

const session = {
  engine: { tokenize: async (text: string) => [...text].map((sign) => sign.codePointAt(0)) },
} as unknown as ModelSession;
const model = { name: 'model', contextSizeTokens: 4096, special: { addBos: false } } as unknown as LoadedModel;

describe('rewritePrompt', () => {
  it('includes the text around the code from a long file, as far as it fits', async () => {
    const line = (index: number): string => `line ${index}\n`;
    const far = Array.from({ length: 60_000 }, (_, index) => line(index)).join('');
    const params = {
      task: 'translate',
      language: 'de',
      languageId: 'brainfuck',
      fileName: 'a.bf',
      target: '+++',
      before: far,
      after: far,
    } as const;
    const { tokens, maxTokens } = await rewritePrompt(
      session,
      model,
      params,
      { text: '+++', indentation: '', lead: '' },
      undefined,
    );
    const prompt = String.fromCodePoint(...tokens);
    assert.ok(tokens.length + maxTokens <= model.contextSizeTokens);
    assert.ok(prompt.includes(line(59_999)) && prompt.includes(line(0)) && !prompt.includes(line(30_000)));
  });

  for (const end of REASONING_PROMPT_ENDS) {
    it(`begins the code behind a reasoning model's empty thoughts if prompts end with ${JSON.stringify(end)}`, async () => {
      const { session: reasoning } = reasoningEngine(end, '');
      const params = {
        task: 'refactor',
        languageId: 'typescript',
        fileName: 'a.ts',
        target: 'f();',
        before: '',
        after: '',
      } as const;
      const { tokens } = await rewritePrompt(
        reasoning,
        await reasoning.model(),
        params,
        { text: 'f();', indentation: '', lead: '' },
        undefined,
      );
      assert.ok(String.fromCharCode(...tokens).endsWith('<assistant>\n<think>\n\n</think>\n\n```typescript\n'));
    });
  }
});
