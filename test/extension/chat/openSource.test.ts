import assert from 'node:assert/strict';
import { it } from 'node:test';
import '../documents/support/useFakeVscode.ts';
import { fake } from '../documents/support/vscode.ts';

const { openSource } = await import('../../../extension/chat/openSource.ts');

it('openSource shows a place with the cursor at its line', async () => {
  fake.open(['/ws'], { '/ws/shop/cart.ts': '' });
  await openSource('file:///ws/shop/cart.ts', 9);
  const [{ uri, selection } = assert.fail('nothing was shown'), ...others] = fake.shown;
  assert.deepEqual(others, []);
  assert.equal(String(uri), 'file:///ws/shop/cart.ts');
  assert.deepEqual([selection?.start.line, selection?.start.character, selection?.isEmpty], [9, 0, true]);
});
