import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { ClientWorkspace } from '../../../sidecar/workspaceIndex/clientWorkspace.ts';
import { IndexThread } from '../../../sidecar/workspaceIndex/indexThread.ts';
import { KnownDefinitions } from '../../../sidecar/workspaceIndex/knownDefinitions.ts';
import { namesToDefine } from '../../../sidecar/workspaceIndex/namesToDefine.ts';
import type { WorkspaceDefinitionsParams, WorkspaceDefinitionsResult } from '../../../sidecar/protocol/client.ts';
import { until } from '../front/support/sidecar.ts';
import { FilesInMemory } from './filesInMemory.ts';

const URI = FilesInMemory.uri('main.ts');

describe('namesToDefine', () => {
  const cases: readonly (readonly [text: string, names: readonly string[]])[] = [
    ['const till = openTill(shop);\ntill.', ['till', 'shop', 'openTill']],
    ['a.b.', []],
    ['return this.', []],
    ['un\r\ndeux\rtrois\nquatre', ['quatre', 'trois', 'deux']],
    ['𝒜𝒜 = größe.', ['größe', '𝒜𝒜']],
    ['one two six ten abc dex ghi jkl mno', ['mno', 'jkl', 'ghi', 'dex', 'abc', 'ten']],
  ];
  for (const [text, names] of cases) {
    it(`finds the last names of ${JSON.stringify(text)}, each once: ${names.join(', ')}`, () => {
      const lines = text.split(/\r\n|\r|\n/);
      const found = namesToDefine({ text, offset: text.length });
      assert.deepEqual(
        found.map(({ line, character }) => /^[\p{L}_$][\p{L}\p{N}_$]*/u.exec(lines[line]?.slice(character) ?? '')?.[0]),
        names,
      );
      assert.deepEqual(
        found.map(({ name }) => name),
        names,
      );
    });
  }

  for (const [name, lineEnd] of [
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ] as const) {
    it(`counts lines that end with ${name} as editors do, wherever the search begins`, () => {
      for (let rest = 575; rest < 605; rest++) {
        const text = `one${lineEnd}two${lineEnd}${'x'.repeat(5)} total${'.'.repeat(rest - 5)}${lineEnd}till`;
        const document = TextDocument.create(URI, 'typescript', 1, text);
        for (const { line, character, name: found } of namesToDefine({ text, offset: text.length })) {
          const at = document.offsetAt({ line, character });
          assert.equal(text.slice(at, at + found.length), found);
        }
      }
    });
  }

  it('is quick at the end of a large document', () => {
    const text = `${'const value = 1; // What it is worth.\n'.repeat(200_000)}one two six ten abc dex `;
    const before = process.cpuUsage();
    assert.equal(namesToDefine({ text, offset: text.length })[0]?.line, 200_000);
    const { user } = process.cpuUsage(before);
    assert.ok(user < 300_000, `it took ${user / 1000} ms`);
  });

  it('ignores names behind the cursor', () => {
    assert.deepEqual(namesToDefine({ text: 'first second', offset: 6 }), [{ line: 0, character: 0, name: 'first' }]);
  });
});

describe('KnownDefinitions', () => {
  const place = { uri: URI, text: 'till.', offset: 5 };
  const answer: WorkspaceDefinitionsResult = {
    definitions: [{ uri: 'file:///project/till.ts', line: 3 }],
    problems: [],
  };
  const nothing: WorkspaceDefinitionsResult = { definitions: [], problems: [] };

  it('returns a quick answer at once, and a late one for the next ranking', async () => {
    assert.deepEqual(await new KnownDefinitions(async () => answer).at(place), answer);
    let say: (result: WorkspaceDefinitionsResult) => void = () => undefined;
    let questions = 0;
    const late = new KnownDefinitions(() => {
      questions++;
      return new Promise((resolve) => (say = resolve));
    });
    assert.deepEqual(await late.at(place), nothing);
    await late.at(place);
    assert.equal(questions, 1, 'a slow server is asked one thing at a time');
    say(answer);
    assert.deepEqual(await late.at(place), answer);
  });

  it('keeps the requests and answers of different documents apart', async () => {
    const other = 'file:///project/slow.ts';
    let say: (result: WorkspaceDefinitionsResult) => void = () => undefined;
    const asked: string[] = [];
    const known = new KnownDefinitions(({ uri }) => {
      asked.push(uri);
      return uri === other || asked.length > 2 ? new Promise((resolve) => (say = resolve)) : Promise.resolve(answer);
    });
    assert.deepEqual(await known.at({ ...place, uri: other }), nothing);
    assert.deepEqual(await known.at(place), answer);
    say({ definitions: [], problems: ['late'] });
    assert.deepEqual(await known.at(place), answer);
    assert.deepEqual(asked, [other, URI, URI]);
  });

  it('keeps its answer when a server fails, and does not use it for another document', async () => {
    let fails = false;
    const known = new KnownDefinitions(() => (fails ? Promise.reject(new Error('no')) : Promise.resolve(answer)));
    await known.at(place);
    fails = true;
    assert.deepEqual(await known.at(place), answer);
    assert.deepEqual(await known.at({ ...place, uri: 'file:///project/other.ts' }), nothing);
    assert.deepEqual(await new KnownDefinitions(undefined).at(place), nothing);
  });
});

describe('a definition that a language server names', () => {
  const thread = new IndexThread();
  after(() => thread.dispose());
  const TILL =
    'export class Till {\n  /** Counts what is in it. */\n  countFloat(coinTray: string): number {\n    return 0;\n  }\n}\n';
  const files: Record<string, string> = Object.fromEntries(
    Array.from({ length: 9 }, (_, index) => [
      `stand${index}/till.ts`,
      TILL.replace('countFloat', `countFloat${index}`),
    ]),
  );
  files['rules.ts'] = 'export function settleRounding(cents: number): number {\n  return cents;\n}\n';
  const text = 'const till: Till = open();\nconst sum = till.';

  let count = 0;
  async function pathsWith(
    said: WorkspaceDefinitionsResult,
    place = { files, text, tabs: [] as readonly string[] },
  ): Promise<readonly { readonly path: string; readonly kind: string; readonly text: string }[]> {
    const source = Object.assign(new FilesInMemory(place.files), {
      asked: [] as WorkspaceDefinitionsParams[],
      definitions: async () => said,
    });
    const workspace = new ClientWorkspace({
      key: `known-${++count}`,
      thread,
      source,
      openUris: () => [],
      openText: () => undefined,
      pathOf: (uri) => uri,
    });
    workspace.tabsChanged(place.tabs.map((path) => FilesInMemory.uri(path)));
    workspace.start();
    await workspace.whenReady();
    await until(async () => workspace.state.state === 'ready', 'the workspace is read');
    return workspace.snippets({
      uri: URI,
      path: 'main.ts',
      languageId: 'typescript',
      text: place.text,
      offset: place.text.length,
      maxSnippetUnits: 3_000,
    });
  }

  it('comes before everything else', async () => {
    const [first] = await pathsWith({
      definitions: [{ uri: FilesInMemory.uri('stand7/till.ts'), line: 0 }],
      problems: [],
    });
    assert.equal(first?.path, 'stand7/till.ts');
    assert.match(first.text, /countFloat7\(coinTray: string\)/);
  });

  it('comes before a file with every other reason', async () => {
    const CART = Array.from(
      { length: 6 },
      (_, index) => `export function cartPart${index}(cartLine: string): string {\n  return cartLine;\n}\n`,
    ).join('\n');
    const calls = Array.from({ length: 6 }, (_, index) => `cartPart${index}(cartLine);`).join('\n');
    const place = {
      files: { 'cart.ts': CART, 'rates.ts': 'export const dutyOf = (country: string): number => country.length;\n' },
      text: `import { cartPart0 } from './cart.ts';\n${calls}\nconst duty = dutyOf(`,
      tabs: ['cart.ts'],
    };
    assert.equal((await pathsWith({ definitions: [], problems: [] }, place))[0]?.path, 'cart.ts');
    assert.equal(
      (await pathsWith({ definitions: [{ uri: FilesInMemory.uri('rates.ts'), line: 0 }], problems: [] }, place))[0]
        ?.path,
      'rates.ts',
    );
  });

  it('is ignored if the workspace does not have the file', async () => {
    const without = await pathsWith({ definitions: [], problems: [] });
    const said = await pathsWith({
      definitions: [
        { uri: 'file:///elsewhere/.env', line: 0 },
        { uri: FilesInMemory.uri('.env'), line: 0 },
      ],
      problems: [],
    });
    assert.deepEqual(said, without);
  });

  it('is also found by the words of a problem', async () => {
    const found = await pathsWith({ definitions: [], problems: ["Cannot find name 'settleRounding'."] });
    assert.ok(found.some(({ path }) => path === 'rules.ts'));
    assert.ok(!(await pathsWith({ definitions: [], problems: [] })).some(({ path }) => path === 'rules.ts'));
  });
});
