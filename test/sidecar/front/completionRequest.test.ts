import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Client } from '../../../sidecar/front/client.ts';
import { completionRequest } from '../../../sidecar/front/completionRequest.ts';
import type { LspConnection } from '../../../sidecar/front/lspConnection.ts';

describe('completionRequest', () => {
  it('keeps the context on disk as the settings say at evaluation, which may come later', () => {
    const client = new Client(1, {} as LspConnection, '/contexts');
    client.workspace = 'project';
    const uri = 'file:///project/a.py';
    client.documents.open({ uri, languageId: 'python', version: 1, text: 'a = 1\n' });
    const { request } = completionRequest(client, uri, { line: 1, character: 0 }, { explicit: false }) ?? {};
    assert.equal(request?.contextSet?.()?.folder, '/contexts');
    client.settings = { contexts: { keepOnDisk: false } };
    assert.equal(request.contextSet?.(), undefined);
  });

  it('keeps no context of a request from before the workspace was forgotten, only of later requests', () => {
    const client = new Client(1, {} as LspConnection, '/contexts');
    client.workspace = 'project';
    const before = client.keepingAsked();
    assert.equal(before()?.folder, '/contexts');
    client.forgetAsked();
    assert.equal(before(), undefined);
    assert.equal(client.keepingAsked()()?.folder, '/contexts');
  });
});
