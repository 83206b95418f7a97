import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChatService } from '../../../sidecar/chat/chatService.ts';
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
});
