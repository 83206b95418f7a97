import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WorkspaceSource } from '../../../sidecar/completion/contextPlans.ts';
import type { CompletionRequest } from '../../../sidecar/completion/request.ts';
import { WorkspaceDrafts } from '../../../sidecar/completion/workspaceDrafts.ts';
import { requestAt } from './cursorAt.ts';
import { ScriptedEngine } from './scriptedEngine.ts';

const never = new AbortController().signal;

class Files implements WorkspaceSource {
  readonly isWhole = true;

  constructor(readonly files: Map<string, string>) {}

  async snippets(): Promise<readonly []> {
    return [];
  }
  async texts(): Promise<readonly { uri: string; text: string }[]> {
    return [...this.files].map(([uri, text]) => ({ uri, text }));
  }
  async whenUsable(): Promise<void> {}
  has(uri: string): boolean {
    return this.files.has(uri);
  }
  pathOf(uri: string): string {
    return uri;
  }
}

function setup(): { drafts: WorkspaceDrafts; given: (readonly [sequence: string, text: string])[]; request: (clientKey: string, files: Files) => CompletionRequest } {
  const engine = new ScriptedEngine();
  const given: (readonly [string, string])[] = [];
  const drafts = new WorkspaceDrafts(Object.assign(engine, { draftFrom: async (sequence: string, tokens: readonly number[]) => void given.push([sequence, String.fromCharCode(...tokens)]) }));
  return { drafts, given, request: (clientKey, workspace) => requestAt('a‸', { clientKey, workspace }) };
}

describe('texts to draft from', () => {
  it('are those of the client’s own workspace, the best last', async () => {
    const { drafts, given, request } = setup();
    await drafts.refresh('one', request('1', new Files(new Map([['best', 'B'], ['next', 'N']]))), never);
    await drafts.refresh('two', request('2', new Files(new Map([['other', 'O']]))), never);
    assert.deepEqual(given, [['one', 'NB'], ['two', 'O']]);
  });

  it('are given again only where they are others', async () => {
    const { drafts, given, request } = setup();
    const files = new Files(new Map([['a', 'A']]));
    await drafts.refresh('s', request('1', files), never);
    await drafts.refresh('s', request('1', files), never);
    files.files.set('a', 'A2');
    await drafts.refresh('s', request('1', files), never);
    drafts.clear();
    await drafts.refresh('s', request('1', files), never);
    assert.deepEqual(given.map(([, text]) => text), ['A', 'A2', 'A2']);
  });

  it('go when one of their files goes, or may not be read any more', async () => {
    const { drafts, given, request } = setup();
    const files = new Files(new Map([['a', 'A'], ['secret', 'S']]));
    await drafts.refresh('s', request('1', files), never);
    await drafts.dropGone('s', request('1', files));
    assert.equal(given.length, 1);
    files.files.delete('secret');
    await drafts.dropGone('s', request('1', files));
    assert.deepEqual(given.at(-1), ['s', '']);
    await drafts.refresh('s', request('1', files), never);
    assert.deepEqual(given.at(-1), ['s', 'A']);
  });

  it('are given again to a client that left, or lost a file, while they were given', async () => {
    const engine = new ScriptedEngine();
    const given: string[] = [];
    let taken = (): void => undefined;
    const draftFrom = (_sequence: string, tokens: readonly number[]): Promise<void> => {
      given.push(String.fromCharCode(...tokens));
      return tokens.length === 0 ? Promise.resolve() : new Promise((resolve) => (taken = resolve));
    };
    const drafts = new WorkspaceDrafts(Object.assign(engine, { draftFrom }));
    const files = new Files(new Map([['a', 'A']]));
    const request = requestAt('a‸', { clientKey: '1', workspace: files });
    const refresh = async (meanwhile: () => Promise<void> | void): Promise<void> => {
      const count = given.length;
      const refreshing = drafts.refresh('s', request, never);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(given.length, count + 1);
      await meanwhile();
      taken();
      await refreshing;
    };
    await refresh(() => drafts.forget('1'));
    await refresh(async () => {
      files.files.delete('a');
      await drafts.dropGone('s', request);
      files.files.set('a', 'A');
    });
    assert.deepEqual(given, ['A', 'A', '']);
    await refresh(() => undefined);
    assert.equal(given.length, 4);
    await drafts.refresh('s', request, never);
    assert.equal(given.length, 4);
  });

  it('are not read where the user goes on, nor where there is no workspace', async () => {
    const { drafts, given, request } = setup();
    await drafts.refresh('s', request('1', new Files(new Map([['a', 'A']]))), AbortSignal.abort());
    await drafts.refresh('s', requestAt('a‸'), never);
    assert.deepEqual(given, []);
  });
});
