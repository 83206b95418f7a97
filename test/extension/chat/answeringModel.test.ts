import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answeringModel } from '../../../extension/chat/answeringModel.ts';

const server = { url: 'https://gpu.example.com:8000/v1', model: 'coder' };
const ofServer = { host: 'gpu.example.com:8000', model: 'coder', leavesMachine: true, reasonsForLocal: [] };
const status = { server: ofServer };

describe('what the chat panel says of the model that answers', () => {
  it('is that nothing leaves the machine, where no server is chosen', () => {
    for (const [modelPath, isBundled] of [
      ['', true],
      ['/models/larger.gguf', false],
    ] as const) {
      const model = answeringModel(modelPath, undefined, undefined);
      assert.equal(model.isBundled, isBundled);
      assert.match(model.place, /Nothing you ask or show it leaves it/);
    }
  });

  it('is what the sidecar knows, where the window leaves the model to others: before that, nothing', () => {
    const isBundled = (known: Parameters<typeof answeringModel>[2]): boolean =>
      answeringModel(undefined, undefined, known).isBundled;
    assert.equal(isBundled(undefined), false);
    assert.equal(isBundled({ isModelNamed: true }), false);
    assert.equal(isBundled({}), true);
  });

  it('is where code goes, from the moment that a server is chosen, also while the model on this machine stands in', () => {
    for (const known of [undefined, status, { server: { ...ofServer, reasonsForLocal: ['It sleeps.'] } }]) {
      const model = answeringModel('', server, known);
      assert.equal(model.isBundled, false);
      assert.match(model.place, /code leaves this machine for gpu\.example\.com:8000/);
    }
  });

  it('is which other program answers, where the server is one on this machine', () => {
    const { place } = answeringModel(
      '',
      { ...server, url: 'http://127.0.0.1:8000' },
      { server: { ...ofServer, host: '127.0.0.1:8000', leavesMachine: false } },
    );
    assert.match(place, /another program on this machine answers, 127\.0\.0\.1:8000/);
  });
});
