import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { EditWriter } from '../../../../sidecar/completion/rewriting/editWriter.ts';
import type { ModelSession } from '../../../../sidecar/engine/engine.ts';
import { EngineProcess } from '../../../../sidecar/engine/process/engineProcess.ts';
import { EditJournal } from '../../../../sidecar/nextEdits/editJournal.ts';
import type { TextEdit } from '../../../../sidecar/nextEdits/suggester.ts';
import type { LoadedModel } from '../../../../sidecar/protocol/engine.ts';
import { bundledModelPath } from '../../../../sidecar/shelf/defaultModel.ts';

const URI = 'file:///project/a.ts';
const TEXT = [
  'async function formatOf(family: Family, engine: TextEngine, model: LoadedModel): Promise<Format | undefined> {',
  '  return family.of(engine, model);',
  '}',
  '',
  'export async function detect(engine: TextEngine, model: LoadedModel): Promise<Format | undefined> {',
  '  return find(engine, model);',
  '}',
  '',
].join('\n');
const FROM = 'engine: TextEngine, model: LoadedModel';
const TO = 'engine: Tokenizes, model: FimModel';

/** The request after the first function's parameters got other types. */
function request(breaks: (edit: TextEdit) => boolean = () => false, before = TEXT): Parameters<EditWriter['write']>[0] {
  const journal = new EditJournal();
  const start = before.indexOf(FROM);
  journal.record(URI, before, [{ start, end: start + FROM.length, text: TO }], 1);
  const text = before.replace(FROM, TO);
  return {
    clientKey: '1',
    edits: journal.recent(1),
    documents: [{ uri: URI, path: 'a.ts', languageId: 'typescript', text }],
    breaksSyntax: async (_document, edit) => breaks(edit),
  };
}

describe('next edits that the bundled model writes', () => {
  let engine: EngineProcess;
  let session: ModelSession & { readonly loaded: LoadedModel };
  before(async () => {
    engine = new EngineProcess();
    const loaded = await engine.load({
      modelPath: (await bundledModelPath()) as string,
      engine: 'auto',
      device: 'cpu',
      threads: 0,
      contextSizeTokens: 2048,
    });
    session = { engine, loaded, model: async () => loaded };
  });
  after(() => engine.dispose());
  const writer = (options: Partial<ConstructorParameters<typeof EditWriter>[0]> = {}): EditWriter =>
    new EditWriter({ session, limitMs: Infinity, ...options });

  it('change another line as the user changed the first', async () => {
    const asked = request();
    const [written, ...others] = await writer().write(asked);
    assert.deepEqual(others, []);
    const [start, end, inserted] = written?.edit ?? [0, 0, ''];
    const text = asked.documents[0]?.text ?? '';
    assert.equal(text.slice(0, start) + inserted + text.slice(end), TEXT.replaceAll(FROM, TO));
    assert.equal(await engine.hasSequence('nextEdit:1'), true);
  });

  it('come one at a time', async () => {
    const asked = request(undefined, `${TEXT}${TEXT.slice(TEXT.indexOf('export')).replace('detect', 'discover')}`);
    assert.equal((await writer().write(asked)).length, 1);
    assert.equal((await writer({ most: 2 }).write(asked)).length, 2);
  });

  it('are none if the syntax would break', async () => {
    assert.deepEqual(await writer().write(request(() => true)), []);
  });

  it('are none after the next keystroke, or an aborted request', async () => {
    const own = writer();
    const written = own.write({ ...request(), onPlaces: () => setImmediate(() => own.stop('1')) });
    assert.deepEqual(await written, []);
    assert.deepEqual(await own.write(request(), AbortSignal.abort()), []);
  });

  it('end with the next request of the same client', async () => {
    const own = writer();
    const former = own.write(request());
    const next = await own.write(request());
    assert.deepEqual([(await former).length, next.length], [0, 1]);
  });

  it('are none while the machine saves power, without a model, and on another engine', async () => {
    assert.deepEqual(await writer({ isQuiet: () => true }).write(request()), []);
    const without = { ...session, loaded: undefined };
    assert.deepEqual(await writer({ session: without }).write(request()), []);
    const llama = { ...session, loaded: { ...session.loaded, engine: 'llama' as const } };
    assert.deepEqual(await writer({ session: llama }).write(request()), []);
  });

  it('leave no sequence behind when the client is forgotten', async () => {
    const own = writer();
    await own.write(request());
    await own.forget('1');
    assert.equal(await engine.hasSequence('nextEdit:1'), false);
  });
});
