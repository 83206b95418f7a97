import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChatService } from '../../../../sidecar/chat/chatService.ts';
import { REASONING_PROMPT_ENDS, reasoningEngine } from '../reasoningEngine.ts';

describe('the translation of comments', () => {
  for (const end of REASONING_PROMPT_ENDS) {
    it(`omits a reasoning model’s thoughts if prompts end with ${JSON.stringify(end)}`, async () => {
      const engine = reasoningEngine(end, 'Ajoute la taxe.');
      const target = '// Adds the tax.\nexport const withTax = (price: number): number => price * 1.19;\n';
      const { newText } = await new ChatService({ session: engine.session }).edit(
        {
          task: 'translate',
          language: 'fr',
          languageId: 'typescript',
          fileName: 'tax.ts',
          target,
          before: '',
          after: '',
        },
        {},
        () => undefined,
      );
      assert.equal(newText, target.replace('Adds the tax.', 'Ajoute la taxe.'));
    });
  }
});
