import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { LSPErrorCodes } from 'vscode-languageserver-protocol';
import {
  DOWNLOAD_REQUEST,
  IMPORT_MODEL_REQUEST,
  REMOVE_MODEL_REQUEST,
  SHELF_REQUEST,
  type CatalogueShelfEntry,
  type DownloadProgress,
  type DownloadResult,
  type LocalShelfEntry,
} from '../../../sidecar/protocol/client.ts';
import type { SidecarState } from '../../../sidecar/client/stateFile.ts';
import { modelBytes, ModelServer, sha256, stallAfter, status, whole, type Answer } from '../shelf/modelServer.ts';
import { RawClient } from './support/rawClient.ts';
import { TestHome, until } from './support/sidecar.ts';

const content = modelBytes(2_000_000);
let home: TestHome;
let state: SidecarState;

before(async () => {
  home = await TestHome.create('chorus-shelf-');
  state = await home.start();
});
after(() => home[Symbol.asyncDispose]());

/** Returns a catalogue file with one model of `server`. */
async function catalogueOf(server: ModelServer, id: string): Promise<string> {
  const file = path.join(home.folder, `${id}.json`);
  const model = {
    id,
    name: 'Tiny',
    publisher: 'Nobody',
    page: 'https://example.com/tiny',
    parameters: 500_000,
    architecture: 'llama',
    shape: {
      blockCount: 1,
      embeddingLength: 32,
      headCount: 2,
      keyValueHeadCount: 2,
      headLength: 16,
      vocabularySize: 4,
    },
    contextTokens: 128,
    completesInTheMiddle: true,
    answers: true,
    languages: ['en'],
    licence: { name: 'MIT', commercialUse: true },
    quantisations: [{ type: 'F32', files: [{ url: server.url, sizeBytes: content.length, sha256: sha256(content) }] }],
  };
  await writeFile(file, JSON.stringify({ version: 1, models: [model] }));
  return file;
}

async function clientWith(downloads: object, of: SidecarState = state): Promise<RawClient> {
  return RawClient.initialized(of, { initializationOptions: { settings: { device: 'cpu', downloads } } });
}

async function entryOf(client: RawClient, id: string): Promise<CatalogueShelfEntry> {
  const { entries } = await client.request(SHELF_REQUEST, undefined);
  return entries.find((entry): entry is CatalogueShelfEntry => entry.kind === 'catalogue' && entry.id === id)!;
}

const received = (client: RawClient): number =>
  Math.max(
    0,
    ...client.received.map(
      ({ params }) => (params as { value?: DownloadProgress } | undefined)?.value?.receivedBytes ?? 0,
    ),
  );

describe('the shelf', () => {
  it("offers the models of the built-in catalogue and of the user's, each with a plan", async () => {
    await using server = await ModelServer.start(content);
    await using client = await clientWith({ catalogue: await catalogueOf(server, 'offered') });
    const { entries, catalogueTrouble } = await client.request(SHELF_REQUEST, undefined);
    const models = entries.filter((entry) => entry.kind === 'catalogue');
    assert.equal(catalogueTrouble, undefined);
    assert.equal(models[0]?.id, 'offered');
    assert.ok(models.length > 15);
    assert.equal(models[0]?.quantisations[0]?.plan.fit, 'cpu');
    const choices = entries.flatMap((entry): readonly { readonly isRecommended: boolean }[] =>
      entry.kind === 'local' ? [entry] : entry.quantisations,
    );
    assert.equal(choices.filter(({ isRecommended }) => isRecommended).length, 1);
  });

  it("offers the built-in catalogue if the user's is broken, and reports the error", async () => {
    const file = path.join(home.folder, 'broken.json');
    await writeFile(file, JSON.stringify({ version: 1, models: [{ id: 5 }] }));
    await using client = await clientWith({ catalogue: file });
    const { entries, catalogueTrouble } = await client.request(SHELF_REQUEST, undefined);
    assert.ok(entries.length > 15);
    assert.match(catalogueTrouble?.message ?? '', /models\[0\]\.id: .*expected string/);
  });

  it('loads a catalogue from a server, and uses the last version while the server is down', async () => {
    await using models = await ModelServer.start(content);
    const text = await readFile(await catalogueOf(models, 'fetched'));
    const catalogue: Answer = (_request, response) => response.end(text);
    await using server = await ModelServer.start(content, catalogue, status(503));
    for (let turn = 0; turn < 2; turn++) {
      await using client = await clientWith({ catalogue: `${server.origin}/catalogue.json` });
      assert.equal((await entryOf(client, 'fetched')).name, 'Tiny');
    }
    assert.equal(server.requests.length, 2);
  });

  it('rejects a response that is not a catalogue, uses the last version, and reports the error', async () => {
    await using models = await ModelServer.start(content);
    const text = await readFile(await catalogueOf(models, 'replaced'));
    const signIn: Answer = (_request, response) =>
      response.end('<!doctype html><title>Sign in to this network</title>');
    await using server = await ModelServer.start(
      content,
      (_request, response) => response.end(text),
      signIn,
      status(503),
    );
    const troubles: (string | undefined)[] = [];
    for (let turn = 0; turn < 3; turn++) {
      await using client = await clientWith({ catalogue: `${server.origin}/catalogue.json` });
      const { entries, catalogueTrouble } = await client.request(SHELF_REQUEST, undefined);
      assert.ok(entries.some((entry) => entry.kind === 'catalogue' && entry.id === 'replaced'));
      troubles.push(catalogueTrouble?.message);
    }
    assert.deepEqual([troubles[0], troubles[2]], [undefined, undefined]);
    assert.match(troubles[1] ?? '', /catalogue\.json is no JSON: .* The version that was fetched before is used\.$/);
  });

  it('downloads a model once for two windows, goes on when one leaves, and pauses when both have left', async () => {
    await using server = await ModelServer.start(content, stallAfter(500_000), whole);
    const downloads = { catalogue: await catalogueOf(server, 'shared') };
    await using first = await clientWith(downloads);
    await using second = await clientWith(downloads);
    const ids = [first, second].map((client) =>
      client.sendRequest('chorus/downloadModel', { id: 'shared', quantisation: 'F32', partialResultToken: 'p' }),
    );
    await until(() => received(first) >= 500_000 && received(second) >= 500_000, 'both see the same bytes');
    first.notify('$/cancelRequest', { id: ids[0] });
    assert.equal((await first.answer(ids[0]!)).error?.code, -32800);
    assert.equal((await entryOf(second, 'shared')).quantisations[0]?.state, 'downloading');
    second.notify('$/cancelRequest', { id: ids[1] });
    await second.answer(ids[1]!);
    const paused = (await entryOf(second, 'shared')).quantisations[0];
    assert.deepEqual([paused?.state, paused?.receivedBytes], ['partial', 500_000]);
    assert.equal(server.requests.length, 1);

    const { path: file } = await first.request(DOWNLOAD_REQUEST, {
      id: 'shared',
      quantisation: 'F32',
    });
    assert.deepEqual(await readFile(file), content);
    assert.deepEqual(server.ranges, ['-', 'bytes=500000-']);
    assert.equal((await entryOf(first, 'shared')).quantisations[0]?.path, file);
    const { entries } = await first.request(SHELF_REQUEST, undefined);
    assert.ok(
      entries.some(
        (entry): entry is LocalShelfEntry => entry.kind === 'local' && entry.model.path === file && entry.isRemovable,
      ),
    );
  });

  it('shares one download between two sidecars that want the same model', async () => {
    await using server = await ModelServer.start(content, stallAfter(500_000), whole);
    await using other = await TestHome.create('chorus-shelf-other-');
    const downloads = { catalogue: await catalogueOf(server, 'both'), folder: path.join(home.folder, 'common') };
    await using first = await clientWith(downloads);
    await using second = await clientWith(downloads, await other.start());
    const id = first.sendRequest('chorus/downloadModel', { id: 'both', quantisation: 'F32', partialResultToken: 'p' });
    await until(() => received(first) >= 500_000, 'the first one downloads');
    await assert.rejects(
      second.request(REMOVE_MODEL_REQUEST, { id: 'both', quantisation: 'F32' }),
      /model\.gguf is being downloaded by another process/,
    );
    const waiting = second.sendRequest('chorus/downloadModel', {
      id: 'both',
      quantisation: 'F32',
      partialResultToken: 'p',
    });
    await until(() => received(second) >= 500_000, 'the second one sees how far the first is');
    first.notify('$/cancelRequest', { id });
    // The first sidecar pauses. The second one resumes its download.
    const { path: file } = (await second.answer(waiting)).result as DownloadResult;
    assert.deepEqual(await readFile(file), content);
    assert.deepEqual(server.ranges, ['-', 'bytes=500000-']);
  });

  it('resumes a download after the sidecar was killed', async () => {
    await using server = await ModelServer.start(content, stallAfter(700_000), whole);
    await using own = await TestHome.create('chorus-shelf-killed-');
    const downloads = { catalogue: await catalogueOf(server, 'killed') };
    const doomed = await own.start();
    const client = await clientWith(downloads, doomed);
    client.sendRequest('chorus/downloadModel', { id: 'killed', quantisation: 'F32', partialResultToken: 'p' });
    await until(() => received(client) >= 700_000, 'it downloads');
    process.kill(doomed.pid, 'SIGKILL');
    await client.closed;
    assert.deepEqual(
      (await readdir(path.join(own.folder, 'models/killed'))).filter((name) => name.endsWith('.gguf')),
      [],
    );
    await using next = await clientWith(downloads, await own.start());
    const { path: file } = await next.request(DOWNLOAD_REQUEST, { id: 'killed' });
    assert.deepEqual(await readFile(file), content);
    assert.deepEqual(server.ranges, ['-', 'bytes=700000-']);
  });

  it('imports a file, and removes only downloaded and imported files', async () => {
    const source = path.join(home.folder, 'mine.gguf');
    await writeFile(source, content);
    await using client = await clientWith({});
    const { path: copy } = await client.request(IMPORT_MODEL_REQUEST, { path: source });
    assert.deepEqual(await readFile(copy), content);
    await assert.rejects(client.request(IMPORT_MODEL_REQUEST, { path: source }), /is there already/);
    await assert.rejects(
      client.request(REMOVE_MODEL_REQUEST, { path: source }),
      /no model that Chorus downloaded or imported/,
    );
    await assert.rejects(
      client.request(REMOVE_MODEL_REQUEST, { path: path.join(path.dirname(copy), '../../sidecar.json') }),
      /no model that Chorus downloaded or imported/,
    );
    await client.request(REMOVE_MODEL_REQUEST, { path: copy });
    await assert.rejects(stat(copy), { code: 'ENOENT' });
    assert.deepEqual(await readFile(source), content);
  });

  it(
    'chooses and removes models as usual in a folder that is reached by a link',
    { skip: process.platform === 'win32' },
    async () => {
      await using server = await ModelServer.start(content);
      const folder = path.join(home.folder, 'linked');
      await mkdir(path.join(home.folder, 'large-disk'));
      await symlink(path.join(home.folder, 'large-disk'), folder);
      const downloads = { catalogue: await catalogueOf(server, 'linked'), folder };
      await using client = await clientWith(downloads);
      await client.request(DOWNLOAD_REQUEST, { id: 'linked', quantisation: 'F32' });
      const modelPath = path.join(folder, 'linked', 'model.gguf');
      await using chooser = await RawClient.initialized(state, {
        initializationOptions: { settings: { device: 'cpu', downloads, modelPath } },
      });
      const { entries } = await chooser.request(SHELF_REQUEST, undefined);
      const local = entries.filter((entry): entry is LocalShelfEntry => entry.kind === 'local');
      assert.deepEqual(
        local
          .filter(({ isChosen }) => isChosen)
          .map(({ model, isRemovable }) => [path.basename(path.dirname(model.path)), isRemovable]),
        [['linked', true]],
      );
      await using other = await RawClient.initialized(state, {
        initializationOptions: { settings: { device: 'cpu', downloads, modelPath: '' } },
      });
      await other.request(REMOVE_MODEL_REQUEST, { path: modelPath });
      await assert.rejects(stat(modelPath), { code: 'ENOENT' });
    },
  );

  it(
    'refuses to remove the chosen model under any of its names, even while it is not in memory',
    { skip: process.platform === 'win32' },
    async () => {
      await using server = await ModelServer.start(content);
      const downloads = { catalogue: await catalogueOf(server, 'chosen') };
      await using client = await clientWith(downloads);
      const wanted = { id: 'chosen', quantisation: 'F32' };
      const { path: file } = await client.request(DOWNLOAD_REQUEST, wanted);
      const link = path.join(home.folder, 'by-another-way');
      await symlink(path.dirname(file), link);
      for (const modelPath of [file, path.join(link, path.basename(file))]) {
        await using chooser = await RawClient.initialized(state, {
          initializationOptions: { settings: { device: 'cpu', downloads, modelPath } },
        });
        for (const params of [wanted, { path: file }, { path: path.join(link, path.basename(file)) }]) {
          await assert.rejects(
            chooser.request(REMOVE_MODEL_REQUEST, params),
            /model\.gguf is in use\. Choose another model first\./,
          );
        }
      }
      assert.deepEqual(await readFile(file), content);
      await using chooser = await RawClient.initialized(state, {
        initializationOptions: { settings: { device: 'cpu', downloads, modelPath: '' } },
      });
      await chooser.request(REMOVE_MODEL_REQUEST, wanted);
      await assert.rejects(stat(file), { code: 'ENOENT' });
    },
  );

  it('refuses to import a file that is not a model, and says why', async () => {
    const source = path.join(home.folder, 'page.gguf');
    await writeFile(source, '<!doctype html>');
    await using client = await clientWith({});
    await assert.rejects(client.request(IMPORT_MODEL_REQUEST, { path: source }), /page\.gguf/);
    await assert.rejects(client.request(IMPORT_MODEL_REQUEST, { path: 'page.gguf' }), /expected an absolute path/);
  });

  it('removes a model’s downloaded files, also during the download', async () => {
    await using server = await ModelServer.start(content, stallAfter(300_000));
    await using client = await clientWith({ catalogue: await catalogueOf(server, 'dropped') });
    const id = client.sendRequest('chorus/downloadModel', {
      id: 'dropped',
      quantisation: 'F32',
      partialResultToken: 'p',
    });
    await until(() => received(client) >= 300_000, 'it downloads');
    await client.request(REMOVE_MODEL_REQUEST, { id: 'dropped', quantisation: 'F32' });
    assert.deepEqual((await client.answer(id)).error, {
      code: LSPErrorCodes.ServerCancelled,
      message: 'The download of model.gguf was ended, because the model is removed.',
    });
    assert.equal((await entryOf(client, 'dropped')).quantisations[0]?.state, 'absent');
  });

  const bad: readonly [name: string, downloads: object, says: RegExp][] = [
    [
      'a mirror that is not secured',
      { mirror: 'http://mirror.example' },
      /chorus\.downloads\.mirror: expected an https: URL/,
    ],
    ['a folder that is not absolute', { folder: 'models' }, /chorus\.downloads\.folder: expected an absolute path/],
    ['a proxy that is none', { network: { proxy: 'proxy' } }, /http\.proxy: expected an http: or https: URL/],
  ];
  for (const [name, downloads, says] of bad) {
    it(`refuses ${name}`, async () => {
      await using client = await clientWith(downloads);
      await assert.rejects(client.request(DOWNLOAD_REQUEST, { id: 'smollm2-360m', quantisation: 'Q8_0' }), says);
    });
  }
});
