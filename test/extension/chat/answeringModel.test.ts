import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answeringModel } from '../../../extension/chat/answeringModel.ts';

const server = { url: 'https://gpu.example.com:8000/v1', model: 'coder' };
const ofServer = { host: 'gpu.example.com:8000', model: 'coder', leavesMachine: true, reasonsForLocal: [] };
const status = { server: ofServer };

describe('answeringModel', () => {
  it('says that nothing leaves the machine if no server is chosen', () => {
    for (const [modelPath, isBundled] of [
      ['', true],
      ['/models/larger.gguf', false],
    ] as const) {
      const model = answeringModel(modelPath, undefined, undefined);
      assert.equal(model.isBundled, isBundled);
      assert.match(model.place, /Your questions and code never leave it/);
    }
  });

  it("uses the sidecar's status if the window leaves the model to others, and claims nothing before it", () => {
    const isBundled = (known: Parameters<typeof answeringModel>[2]): boolean =>
      answeringModel(undefined, undefined, known).isBundled;
    assert.equal(isBundled(undefined), false);
    assert.equal(isBundled({ isModelNamed: true }), false);
    assert.equal(isBundled({}), true);
  });

  it('says where code goes as soon as a server is chosen, even if the local model stands in', () => {
    for (const known of [undefined, status, { server: { ...ofServer, reasonsForLocal: ['It sleeps.'] } }]) {
      const model = answeringModel('', server, known);
      assert.equal(model.isBundled, false);
      assert.match(model.place, /code leaves this machine for gpu\.example\.com:8000/);
    }
  });

  it('names the other program if the server runs on this machine', () => {
    const { place } = answeringModel(
      '',
      { ...server, url: 'http://127.0.0.1:8000' },
      { server: { ...ofServer, host: '127.0.0.1:8000', leavesMachine: false } },
    );
    assert.match(place, /another program on this machine answers, 127\.0\.0\.1:8000/);
  });
});
