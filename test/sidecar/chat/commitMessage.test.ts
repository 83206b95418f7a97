import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChatService } from '../../../sidecar/chat/chatService.ts';
import type { ChatTemplateParams, TokenId } from '../../../sidecar/protocol/engine.ts';
import { ScriptedEngine } from '../completion/scriptedEngine.ts';
import { REASONING_PROMPT_ENDS, reasoningEngine } from './reasoningEngine.ts';

const diff =
  "diff --git a/src/cart.ts b/src/cart.ts\n--- a/src/cart.ts\n+++ b/src/cart.ts\n@@ -12,3 +12,5 @@\n   return total;\n }\n+\n+export const currency = 'EUR';\n";

describe('a commit message', () => {
  for (const end of REASONING_PROMPT_ENDS) {
    it(`omits a reasoning model’s thoughts if prompts end with ${JSON.stringify(end)}`, async () => {
      const engine = reasoningEngine(end, 'Add the currency of the cart');
      const { message } = await new ChatService({ session: engine.session }).commitMessage({ diff }, {});
      assert.equal(message, 'Add the currency of the cart');
      assert.equal(engine.generations.length, 1);
    });
  }

  it('is written anew, without the recent messages, if it repeats one of them', async () => {
    const engine = new ScriptedEngine([], { chatTemplate: '{{ messages }}' });
    const recent = 'Add the shop';
    const render = async (request: ChatTemplateParams): Promise<readonly TokenId[]> =>
      engine.tokenize(request.messages.map(({ content }) => content).join('\n'));
    Object.assign(engine, { chatTemplate: render });
    engine.answer = ({ tokens }) =>
      String.fromCharCode(...tokens).includes(`- ${recent}`) ? recent : 'Add the currency of the cart';
    const { message } = await new ChatService({ session: engine.session }).commitMessage(
      { diff, recentMessages: [`${recent}\n\nIt sells articles.`] },
      {},
    );
    assert.equal(message, 'Add the currency of the cart');
    assert.equal(engine.generations.length, 2);
  });
});
