import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WorkspaceSource } from '../../../sidecar/completion/prompt/contextPlans.ts';
import type { CompletionRequest } from '../../../sidecar/completion/request.ts';
import { WorkspaceTexts } from '../../../sidecar/completion/workspaceTexts.ts';
import { revisionOf } from '../../../sidecar/workspaceIndex/revision.ts';
import type { SetTextsParams } from '../../../sidecar/protocol/engine.ts';
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
  has(uri: string, revision?: number): boolean {
    const text = this.files.get(uri);
    return text !== undefined && (revision === undefined || revisionOf(text) === revision);
  }
  pathOf(uri: string): string {
    return uri;
  }
}

/** The texts that an engine gets under a name, joined. */
const asText = ({ texts }: SetTextsParams): string => texts.map((tokens) => String.fromCharCode(...tokens)).join('');

function setup(): {
  texts: WorkspaceTexts;
  given: (readonly [name: string, text: string])[];
  request: (clientKey: string, files: Files) => CompletionRequest;
} {
  const engine = new ScriptedEngine();
  const given: (readonly [string, string])[] = [];
  const texts = new WorkspaceTexts(
    Object.assign(engine, {
      setTexts: async (params: SetTextsParams) => void given.push([params.name, asText(params)]),
    }),
  );
  return { texts, given, request: (clientKey, workspace) => requestAt('a‸', { clientKey, workspace }) };
}

describe('WorkspaceTexts', () => {
  it('sends the files of the client’s own workspace, the best last', async () => {
    const { texts, given, request } = setup();
    await texts.refresh(
      'one',
      request(
        '1',
        new Files(
          new Map([
            ['best', 'B'],
            ['next', 'N'],
          ]),
        ),
      ),
      never,
    );
    await texts.refresh('two', request('2', new Files(new Map([['other', 'O']]))), never);
    assert.deepEqual(given, [
      ['one', 'NB'],
      ['two', 'O'],
    ]);
  });

  it('sends texts again only if they changed', async () => {
    const { texts, given, request } = setup();
    const files = new Files(new Map([['a', 'A']]));
    await texts.refresh('s', request('1', files), never);
    await texts.refresh('s', request('1', files), never);
    files.files.set('a', 'A2');
    await texts.refresh('s', request('1', files), never);
    texts.clear();
    await texts.refresh('s', request('1', files), never);
    assert.deepEqual(
      given.map(([, text]) => text),
      ['A', 'A2', 'A2'],
    );
  });

  it('converts line ends to those of prompts', async () => {
    const { texts, given, request } = setup();
    await texts.refresh('s', request('1', new Files(new Map([['a', 'A\r\nB']]))), never);
    assert.deepEqual(given, [['s', 'A\nB']]);
  });

  it('returns texts for the document they were chosen for, once the engine has them and while the files are unchanged', async () => {
    const { texts, request } = setup();
    const files = new Files(new Map([['a', 'A\r\n']]));
    const at = (uri: string): CompletionRequest => ({ ...request('1', files), uri });
    const told = (uri: string): readonly string[] | undefined => texts.of(at(uri))?.files.map(({ text }) => text);
    const refreshed = texts.refresh('s', at('one'), never);
    assert.equal(told('one'), undefined);
    await refreshed;
    assert.deepEqual([told('one'), told('other')], [['A\n'], undefined]);
    await texts.refresh('s', at('other'), never);
    assert.deepEqual([told('one'), told('other')], [undefined, ['A\n']]);
    files.files.set('a', 'changed');
    assert.equal(told('other'), undefined);
    await texts.refresh('s', at('other'), never);
    assert.deepEqual(told('other'), ['changed']);
    texts.clear();
    assert.equal(told('other'), undefined);
  });

  it('does not send texts tokenized for a former model', async () => {
    const engine = new ScriptedEngine();
    const given: string[] = [];
    const texts = new WorkspaceTexts(
      Object.assign(engine, { setTexts: async (params: SetTextsParams) => void given.push(asText(params)) }),
    );
    const refreshing = texts.refresh(
      's',
      requestAt('a‸', { clientKey: '1', workspace: new Files(new Map([['a', 'A']])) }),
      never,
    );
    texts.clear();
    await refreshing;
    assert.deepEqual(given, []);
  });

  it('drops texts if one of their files is gone or may no longer be read', async () => {
    const { texts, given, request } = setup();
    const files = new Files(
      new Map([
        ['a', 'A'],
        ['secret', 'S'],
      ]),
    );
    await texts.refresh('s', request('1', files), never);
    await texts.dropGone('s', request('1', files));
    assert.equal(given.length, 1);
    files.files.delete('secret');
    await texts.dropGone('s', request('1', files));
    assert.deepEqual(given.at(-1), ['s', '']);
    await texts.refresh('s', request('1', files), never);
    assert.deepEqual(given.at(-1), ['s', 'A']);
  });

  it('sends texts again after a client left or lost a file while they were sent', async () => {
    const engine = new ScriptedEngine();
    const given: string[] = [];
    let taken = (): void => undefined;
    const setTexts = (params: SetTextsParams): Promise<void> => {
      given.push(asText(params));
      return params.texts.length === 0 ? Promise.resolve() : new Promise((resolve) => (taken = resolve));
    };
    const texts = new WorkspaceTexts(Object.assign(engine, { setTexts }));
    const files = new Files(new Map([['a', 'A']]));
    const request = requestAt('a‸', { clientKey: '1', workspace: files });
    const refresh = async (meanwhile: () => Promise<void> | void): Promise<void> => {
      const count = given.length;
      const refreshing = texts.refresh('s', request, never);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(given.length, count + 1);
      await meanwhile();
      taken();
      await refreshing;
    };
    await refresh(() => texts.drop('s', '1'));
    await refresh(async () => {
      files.files.delete('a');
      await texts.dropGone('s', request);
      files.files.set('a', 'A');
    });
    assert.deepEqual(given, ['A', '', 'A', '']);
    await refresh(() => undefined);
    assert.equal(given.length, 5);
    await texts.refresh('s', request, never);
    assert.equal(given.length, 5);
  });

  it('sends nothing after an abort or without a workspace', async () => {
    const { texts, given, request } = setup();
    await texts.refresh('s', request('1', new Files(new Map([['a', 'A']]))), AbortSignal.abort());
    await texts.refresh('s', requestAt('a‸'), never);
    assert.deepEqual(given, []);
  });
});
