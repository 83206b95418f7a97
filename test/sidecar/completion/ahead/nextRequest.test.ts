import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { afterAccepting, afterEnter } from '../../../../sidecar/completion/ahead/nextRequest.ts';
import type { ContextSet } from '../../../../sidecar/protocol/engine.ts';
import { requestAt } from '../cursorAt.ts';

describe('afterAccepting and afterEnter', () => {
  it('tell at evaluation, not before, where the context is kept', () => {
    let contextSet: ContextSet | undefined = { folder: '/contexts', name: 'project', maxBytes: 1e9 };
    const accepted = afterAccepting(requestAt('const a = ‸\n', { contextSet: () => contextSet }), {
      text: 'sum(b);',
      start: 10,
      end: 10,
    });
    const entered = afterEnter(accepted);
    assert.equal(entered?.text, 'const a = sum(b);\n\n');
    assert.deepEqual([accepted.contextSet?.(), entered.contextSet?.()], [contextSet, contextSet]);
    contextSet = undefined;
    assert.deepEqual([accepted.contextSet?.(), entered.contextSet?.()], [undefined, undefined]);
  });
});
