import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toGenerateParams } from '../../../extension/languageModels/generateParams.ts';

const hello = [{ role: 1, content: [{ value: 'Hello' }] }];
const tools = [{ name: 'readFile', description: 'Reads a file', inputSchema: { type: 'object' } }];

describe("another extension's request", () => {
  it('has sampling options under the names that extensions use', () => {
    const params = toGenerateParams(
      hello,
      { modelOptions: { temperature: 0, max_tokens: 64, top_p: 0.9, stop: 'END' } },
      false,
    );
    assert.deepEqual([params.temperature, params.maxTokens, params.topP, params.stop], [0, 64, 0.9, ['END']]);
  });

  it('ignores options of the wrong type', () => {
    const params = toGenerateParams(hello, { modelOptions: { temperature: 'hot', stop: [1] } }, false);
    assert.deepEqual([params.temperature, params.stop], [undefined, undefined]);
  });

  it('has tools only for a model that can call them', () => {
    const capable = toGenerateParams(hello, { tools, toolMode: 2 }, true);
    assert.deepEqual([capable.tools, capable.toolMode], [tools, 'required']);
    assert.equal(toGenerateParams(hello, { tools, toolMode: 1 }, true).toolMode, 'auto');
    assert.equal('tools' in toGenerateParams(hello, { tools }, false), false);
  });

  it('belongs to the same conversation while that grows, and to another if it begins differently', () => {
    const next = [...hello, { role: 2, content: [{ value: 'Hi' }] }, { role: 1, content: [{ value: 'More' }] }];
    const id = toGenerateParams(hello, {}, false).conversationId;
    assert.equal(toGenerateParams(next, {}, false).conversationId, id);
    assert.notEqual(toGenerateParams([{ role: 1, content: [{ value: 'Bye' }] }], {}, false).conversationId, id);
  });
});
