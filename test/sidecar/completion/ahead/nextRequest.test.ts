import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { afterAccepting, afterEnter } from '../../../../sidecar/completion/ahead/nextRequest.ts';
import type { ContextSet } from '../../../../sidecar/protocol/engine.ts';
import { requestAt } from '../cursorAt.ts';

describe('what an editor asks next', () => {
  it('is kept on disk as its settings are when it is evaluated, not when it was foreseen', () => {
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
