import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { nodeEnvironment } from '../../../../sidecar/common/childProcess/nodeEnvironment.ts';

describe('nodeEnvironment', () => {
  afterEach(() => Reflect.deleteProperty(process.env, 'CHORUS_SERVER_KEY'));

  it('copies the environment of the caller without the key of a server', () => {
    process.env['CHORUS_SERVER_KEY'] = 'sk-secret';
    const environment = nodeEnvironment({ EXTRA: '1' });
    assert.equal(environment['PATH'], process.env['PATH']);
    assert.equal(environment['EXTRA'], '1');
    assert.equal(JSON.stringify(environment).includes('sk-secret'), false);
  });
});
