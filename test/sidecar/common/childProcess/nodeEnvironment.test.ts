import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { nodeEnvironment } from '../../../../sidecar/common/childProcess/nodeEnvironment.ts';

describe('the environment of a started sidecar', () => {
  afterEach(() => Reflect.deleteProperty(process.env, 'CHORUS_SERVER_KEY'));

  it("is the caller's, without the key of a server: it outlives the caller", () => {
    process.env['CHORUS_SERVER_KEY'] = 'sk-secret';
    const environment = nodeEnvironment({ EXTRA: '1' });
    assert.equal(environment['PATH'], process.env['PATH']);
    assert.equal(environment['EXTRA'], '1');
    assert.equal(JSON.stringify(environment).includes('sk-secret'), false);
  });
});
