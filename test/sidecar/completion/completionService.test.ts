import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Completion, CompletionService } from '../../../sidecar/completion/completionService.ts';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import { MAX_DOCUMENT_UNITS } from '../../../sidecar/protocol/client.ts';
import type { CompletionRequest } from '../../../sidecar/completion/request.ts';
import { requestAt } from './cursorAt.ts';
import { ScriptedEngine } from './scriptedEngine.ts';

/** The sequences that a window may have. */
const ALL = ['completion:window', 'completion:window:2', 'completion:window:3', 'completion:window:4'];
const never = new AbortController().signal;

function serviceSaying(answer: string | ((attempt: number) => string)): {
  service: CompletionService;
  engine: ScriptedEngine;
} {
  const engine = new ScriptedEngine();
  engine.answer = () => (typeof answer === 'string' ? answer : answer(engine.generations.length - 1));
  return { service: new CompletionService({ session: engine.session }), engine };
}

function edits(completions: readonly Completion[]): unknown[] {
  return completions.map(({ text, start, end }) => ({ text, start, end }));
}

describe('CompletionService', () => {
  test('returns text for the cursor', async () => {
    const { service } = serviceSaying('foo(bar);\nnext();');
    const [completion] = await service.complete(requestAt('const a = ‸\n'), never);
    assert.equal(completion?.text, 'foo(bar);');
    assert.equal(completion.start, 10);
    assert.equal(completion.end, 10);
    assert.equal(completion.cached, false);
  });

  test('stops the model at the end of the shown text', async () => {
    const { service, engine } = serviceSaying(`foo;\n${'more();\n'.repeat(20)}`);
    await service.complete(requestAt('const a = ‸\n'), never);
    assert.equal(engine.cancelledGenerations, 1);
  });

  test('asks the model greedily, before any chat, in the client’s own sequence', async () => {
    const { service, engine } = serviceSaying('b');
    await service.complete(requestAt('const a = ‸'), never);
    const [generation] = engine.generations;
    assert.equal(generation?.sampling.temperature, 0);
    assert.equal(generation.priority, 'completion');
    assert.equal(generation.sequence, 'completion:window');
    assert.equal(generation.texts, 'completion:window');
  });

  test('answers from the cache while the user types through a completion', async () => {
    const { service, engine } = serviceSaying('foo(bar);');
    await service.complete(requestAt('const a = ‸'), never);
    const completions = await service.complete(requestAt('const a = fo‸'), never);
    assert.deepEqual(edits(completions), [{ text: 'o(bar);', start: 12, end: 12 }]);
    assert.equal(completions[0]?.cached, true);
    assert.equal(engine.generations.length, 1);
  });

  test('explains the shown completion, even if it came from the cache', async () => {
    const { service } = serviceSaying((attempt) => (attempt === 0 ? 'first();' : 'second();'));
    const [here, there] = [requestAt('const a = ‸'), { ...requestAt('const b = ‸'), uri: 'file:///other.ts' }];
    const explained = async (uri: string): Promise<string | undefined> =>
      (await service.context('window', uri, {})).last?.text;
    await service.complete(here, never);
    await service.complete(there, never);
    assert.deepEqual([await explained(here.uri), await explained(there.uri)], [undefined, 'second();']);
    await service.complete(requestAt('const a = fir‸'), never);
    assert.deepEqual([await explained(here.uri), await explained(there.uri)], ['first();', undefined]);
  });

  test('replaces the closer that the editor added to the typed text', async () => {
    const { service, engine } = serviceSaying('foo(bar);');
    await service.complete(requestAt('const a = ‸'), never);
    assert.deepEqual(edits(await service.complete(requestAt('const a = foo(‸)'), never)), [
      { text: 'bar);', start: 14, end: 15 },
    ]);
    assert.equal(engine.generations.length, 1);
  });

  test('does not ask again if the model had no completion', async () => {
    const { service, engine } = serviceSaying('');
    await service.complete(requestAt('const a = 1;‸'), never);
    assert.deepEqual(await service.complete(requestAt('const a = 1;‸'), never), []);
    assert.equal(engine.generations.length, 1);
  });

  test('tries the next candidate if the likeliest only repeats the line above', async () => {
    const { service, engine } = serviceSaying('');
    engine.answer = ({ sampling }) => (sampling.temperature === 0 ? 'computeTheTotal(items);\n' : 'other;\n');
    const found = await service.complete(requestAt('const a = computeTheTotal(items);\nconst a = ‸'), never);
    assert.deepEqual(
      found.map(({ text }) => text),
      ['other;'],
    );
    assert.equal(engine.generations.length, 2);
  });

  test('asks again if the model ran out of time without a text', async () => {
    const { service, engine } = serviceSaying('');
    const generate = engine.generate.bind(engine);
    engine.generate = async (...parameters) => ({ ...(await generate(...parameters)), stopReason: 'timeout' });
    await service.complete(requestAt('const a = ‸'), never);
    await service.complete(requestAt('const a = ‸'), never);
    assert.equal(engine.generations.length, 2);
  });

  test('forgets the completions of a former model', async () => {
    const { engine } = serviceSaying('foo');
    let model = engine.loaded;
    const service = new CompletionService({ session: { engine, model: async () => model } });
    await service.complete(requestAt('const a = ‸'), never);
    model = { ...model, path: '/models/other.gguf' };
    await service.complete(requestAt('const b = ‸'), never);
    await service.complete(requestAt('const a = ‸'), never);
    assert.equal(engine.generations.length, 3);
  });

  test('forgets a model’s completions as soon as another model is chosen, before it is loaded', async () => {
    const { engine } = serviceSaying((attempt) => `from${attempt};`);
    const session = { engine, chosen: '', model: async () => engine.loaded };
    const service = new CompletionService({ session });
    const [before] = await service.complete(requestAt('const a = ‸'), never);
    session.chosen = '/models/other.gguf';
    const [after] = await service.complete(requestAt('const a = ‸'), never);
    assert.deepEqual([before?.text, after?.text, after?.cached], ['from0;', 'from1;', false]);
  });

  test('drops a running completion of a model when another is chosen', async () => {
    const { engine } = serviceSaying((attempt) => `from${attempt};`);
    const session = { engine, chosen: '', model: async () => engine.loaded };
    const service = new CompletionService({ session });
    engine.pace = async () => void (session.chosen = '/models/other.gguf');
    assert.deepEqual(await service.complete(requestAt('const a = ‸'), never), []);
    const [after] = await service.complete(requestAt('const a = ‸'), never);
    assert.equal(after?.text, 'from1;');
  });

  const changes: Readonly<Record<string, Partial<CompletionRequest>>> = {
    'never several lines': { settings: { multiline: 'never' } },
    'fewer tokens': { settings: { maxTokens: 4 } },
    'nothing of the workspace': { contextSettings: { workspace: false } },
  };
  for (const [wish, changed] of Object.entries(changes)) {
    test(`asks again if the user now wants ${wish}, and uses the cache after a change back`, async () => {
      const { service } = serviceSaying((attempt) => `from${attempt};`);
      const answers: string[] = [];
      for (const overrides of [{}, changed, {}]) {
        const [completion] = await service.complete(requestAt('const a = ‸', overrides), never);
        answers.push(completion?.text ?? '');
      }
      assert.deepEqual(answers, ['from0;', 'from1;', 'from0;']);
    });
  }

  test('answers from the cache after a change of the debounce or of reading ahead', async () => {
    const { service } = serviceSaying('foo');
    await service.complete(requestAt('const a = ‸'), never);
    const [completion] = await service.complete(
      requestAt('const a = ‸', { settings: { minDebounceMs: 5 }, contextSettings: { readAhead: false } }),
      never,
    );
    assert.equal(completion?.cached, true);
  });

  test('shows no completion, finished or running, made under former rules for reading files', async () => {
    const { service, engine } = serviceSaying((attempt) => `from${attempt};`);
    await service.complete(requestAt('const a = ‸'), never);
    let goOn = (): void => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    engine.pace = () => held;
    const underWay = service.complete(requestAt('const b = ‸'), never);
    while (engine.generations.length < 2) await new Promise((resolve) => setImmediate(resolve));
    service.workspaceReset('window');
    goOn();
    assert.deepEqual(await underWay, []);
    assert.deepEqual(
      (await service.complete(requestAt('const a = ‸'), never)).map(({ text }) => text),
      ['from2;'],
    );
    assert.deepEqual(
      (await service.complete(requestAt('const b = ‸'), never)).map(({ text }) => text),
      ['from3;'],
    );
  });

  test('forgets a client that left', async () => {
    const { service, engine } = serviceSaying('foo');
    await service.complete(requestAt('const a = ‸'), never);
    await service.forgetClient('window');
    assert.deepEqual(engine.released, ALL);
    await service.complete(requestAt('const a = ‸'), never);
    assert.equal(engine.generations.length, 2);
  });

  test('starts nothing for a client that left before its request arrived', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const { service, engine } = serviceSaying('foo');
    await service.forgetClient('window');
    assert.deepEqual(
      await service.complete(requestAt('const a = ‸', { contextSettings: { readAhead: true } }), AbortSignal.abort()),
      [],
    );
    for (let second = 0; second < 10; second++) {
      context.mock.timers.tick(1_000);
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(engine.generations.length, 0);
  });

  test('releases the sequence of a client that left only after the engine has finished with it', async () => {
    const { service, engine } = serviceSaying('foo');
    let goOn = (): void => undefined;
    engine.pace = () => new Promise((resolve) => (goOn = resolve));
    const completion = service.complete(requestAt('const a = ‸'), never);
    while (engine.generations.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const forgotten = service.forgetClient('window');
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(engine.released, []);
    goOn();
    await Promise.all([completion, forgotten]);
    assert.deepEqual(engine.released, ALL);
  });

  test('releases the sequence only after cancelled work has ended too', async () => {
    const { service, engine } = serviceSaying('foo');
    const goOn: (() => void)[] = [];
    engine.pace = () => new Promise((resolve) => goOn.push(resolve));
    const completions = [];
    for (const text of ['const a = ‸', 'let other = ‸']) {
      completions.push(service.complete(requestAt(text), never));
      while (goOn.length < completions.length) await new Promise((resolve) => setImmediate(resolve));
    }
    const forgotten = service.forgetClient('window');
    goOn[1]?.();
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(engine.released, []);
    goOn[0]?.();
    await Promise.all([...completions, forgotten]);
    assert.deepEqual(engine.released, ALL);
  });

  test('shares nothing between windows', async () => {
    const { service, engine } = serviceSaying('foo');
    await service.complete(requestAt('const a = ‸'), never);
    await service.complete(requestAt('const a = ‸', { clientKey: 'other' }), never);
    assert.deepEqual(
      engine.generations.map(({ sequence }) => sequence),
      ['completion:window', 'completion:other'],
    );
  });

  test('answers the last of several keystrokes once the model is loaded, however long that takes', async () => {
    const engine = new ScriptedEngine();
    engine.answer = () => 'foo(bar);';
    let release = (): void => undefined;
    const loaded = new Promise<void>((resolve) => (release = resolve));
    const session = { ...engine.session, model: () => loaded.then(() => engine.loaded) };
    const service = new CompletionService({ session });
    // Typed, deleted and typed again: the editor cancels a request before it sends the next one.
    const places = ['const a = ‸', 'const a =‸', 'const a = ‸'];
    const [editorCancels, answers] = [places.map(() => new AbortController()), [] as Promise<Completion[]>[]];
    for (const [index, place] of places.entries()) {
      editorCancels[index - 1]?.abort();
      answers.push(service.complete(requestAt(place), editorCancels[index]?.signal as AbortSignal));
      // Longer than a cancelled request waits for the next one.
      await sleep(200);
    }
    release();
    const shown = (await Promise.all(answers)).map((completions) => completions.map(({ text }) => text));
    assert.deepEqual(shown, [[], [], ['foo(bar);']]);
  });

  test('takes over the running request when the editor cancels it for the next keystroke', async () => {
    const { service, engine } = serviceSaying('foo(bar);');
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    engine.pace = () => held;
    const cancel = new AbortController();
    const first = service.complete(requestAt('const a = ‸', { settings: { minDebounceMs: 0 } }), cancel.signal);
    while (engine.generations.length === 0) await new Promise((resolve) => setImmediate(resolve));
    cancel.abort();
    assert.deepEqual(await first, []);
    const second = service.complete(requestAt('const a = f‸'), never);
    release();
    assert.deepEqual(edits(await second), [{ text: 'oo(bar);', start: 11, end: 11 }]);
    assert.equal(engine.generations.length, 1);
  });

  test('asks again when the user types a text that differs from the stream', async () => {
    const { service, engine } = serviceSaying((attempt) => (attempt === 0 ? 'foo' : 'rl'));
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    engine.pace = () => held;
    const cancel = new AbortController();
    const first = service.complete(requestAt('const a = ‸', { settings: { minDebounceMs: 0 } }), cancel.signal);
    while (engine.generations.length === 0) await new Promise((resolve) => setImmediate(resolve));
    cancel.abort();
    await first;
    const second = service.complete(requestAt('const a = u‸'), never);
    release();
    assert.deepEqual(edits(await second), [{ text: 'rl', start: 11, end: 11 }]);
    assert.equal(engine.generations.length, 2);
  });

  test('does not ask the model if a request is cancelled while it waits', async () => {
    const { service, engine } = serviceSaying('foo');
    const cancel = new AbortController();
    const pending = service.complete(requestAt('const a = ‸', { settings: { minDebounceMs: 10_000 } }), cancel.signal);
    cancel.abort();
    assert.deepEqual(await pending, []);
    assert.equal(engine.generations.length, 0);
    assert.equal(service.statistics().cancelled, 1);
  });

  test('extends the item selected in an open suggestion list', async () => {
    const { service, engine } = serviceSaying('(key, value);');
    const request = requestAt('map.se‸', { selectedCompletion: { start: 4, end: 6, text: 'setItem' } });
    assert.deepEqual(edits(await service.complete(request, never)), [
      { text: 'setItem(key, value);', start: 4, end: 6 },
    ]);
    assert.match((await engine.promptOf(0)) + (engine.generations[0]?.requiredPrefix ?? ''), /map\.setItem$/);
  });

  test('offers several distinct candidates for a request by command', async () => {
    const answers = ['first();', 'first( );', 'second();', 'third();'];
    const { service, engine } = serviceSaying((attempt) => answers[attempt] ?? '');
    const completions = await service.complete(requestAt('run.‸', { explicit: true }), never);
    assert.deepEqual(
      completions.map(({ text }) => text),
      ['first();', 'second();', 'third();'],
    );
    assert.equal(engine.generations[0]?.sampling.temperature, 0);
    assert.notEqual(engine.generations[1]?.sampling.temperature, 0);
  });

  test('uses the document’s line ends and tabs', async () => {
    const { service } = serviceSaying('    one()\n    two()\n}\n');
    const completions = await service.complete(
      requestAt('func a() {\r\n\tb()\r\n}\r\n\r\nfunc c() {‸\r\n', { languageId: 'go' }),
      never,
    );
    assert.deepEqual(
      completions.map(({ text }) => text),
      ['\r\n\tone()\r\n\ttwo()\r\n}'],
    );
  });

  test('leaves the line ends of a selected item unchanged', async () => {
    const { service } = serviceSaying('done();');
    const completions = await service.complete(
      requestAt('go();\r\nif‸', { selectedCompletion: { start: 7, end: 9, text: 'if (a) {\r\n}' } }),
      never,
    );
    assert.deepEqual(
      completions.map(({ text }) => text),
      ['if (a) {\r\n}done();'],
    );
  });

  test('makes the model begin a block’s body on the next line', async () => {
    const { service, engine } = serviceSaying('    return a\n\ndef g(): pass');
    const completions = await service.complete(requestAt('def f(a):‸', { languageId: 'python' }), never);
    assert.equal(engine.generations[0]?.requiredPrefix, ':\n');
    assert.deepEqual(
      completions.map(({ text }) => text),
      ['\n    return a'],
    );
  });

  test('keeps imported names on the same line, even if several lines are always wanted', async () => {
    for (const settings of [{}, { multiline: 'always' }] as const) {
      const { service, engine } = serviceSaying('sum }');
      await service.complete(requestAt('import {‸}', { settings }), never);
      assert.doesNotMatch(engine.generations[0]?.requiredPrefix ?? '', /\n/);
      assert.notEqual(engine.generations.length, 0);
    }
  });

  test('uses the notebook cells around this one', async () => {
    const { service, engine } = serviceSaying('head()');
    const notebookCells = { before: [{ languageId: 'python', text: 'df = load()' }], after: [] };
    await service.complete(requestAt('df.‸', { languageId: 'python', notebookCells }), never);
    assert.match(await engine.promptOf(0), /^df = load\(\)\n\ndf/);
  });

  test('does not complete inside a word, except by command', async () => {
    const { service, engine } = serviceSaying('x');
    assert.deepEqual(await service.complete(requestAt('const na‸me = 1'), never), []);
    assert.equal(engine.generations.length, 0);
    await service.complete(requestAt('const na‸me = 1', { explicit: true }), never);
    assert.notEqual(engine.generations.length, 0);
  });
});

describe('Invalid input or a failing model', () => {
  const cases = {
    'a cursor outside the document': { ...requestAt('abc‸'), offset: 10 },
    'a cursor inside a surrogate pair': { ...requestAt('a😀‸'), offset: 2 },
    'a cursor inside a CRLF': { ...requestAt('a\r\n‸'), offset: 2 },
    'a cursor that is no number': { ...requestAt('abc‸'), offset: Number.NaN },
    'a selected item outside the document': requestAt('abc‸', { selectedCompletion: { start: 2, end: 9, text: 'cd' } }),
    'an empty document': requestAt('‸'),
    'a line of a megabyte': requestAt(`${'x'.repeat(1_000_000)}‸`),
  };
  for (const [name, request] of Object.entries(cases)) {
    test(`gets no completion and does no harm: ${name}`, async () => {
      const { service, engine } = serviceSaying('foo');
      assert.deepEqual(await service.complete(request, never), []);
      assert.equal(engine.generations.length, 0);
      assert.equal((await service.complete(requestAt('const a = ‸'), never)).length, 1);
    });
  }

  test('with lone surrogates is cleaned before the tokenizer', async () => {
    const { service, engine } = serviceSaying('foo');
    assert.equal((await service.complete(requestAt('"\ud83d"; const a = ‸'), never)).length, 1);
    assert.match(await engine.promptOf(0), /^"\ufffd"; const a/);
  });

  test('with a too large document is refused with a message', async () => {
    const { service } = serviceSaying('foo');
    const request = { ...requestAt('‸'), text: ' '.repeat(MAX_DOCUMENT_UNITS + 1) };
    await assert.rejects(
      service.complete(request, never),
      (error) => error instanceof TroubleError && error.code === 'document-too-large',
    );
  });

  test('leads to an error if the model fails, and the next request works', async () => {
    const { service, engine } = serviceSaying('foo');
    const generate = engine.generate.bind(engine);
    engine.generate = () => Promise.reject(new TroubleError('engine-crashed', 'The engine left'));
    await assert.rejects(service.complete(requestAt('const a = ‸'), never), /The engine left/);
    engine.generate = generate;
    assert.equal((await service.complete(requestAt('const a = ‸'), never)).length, 1);
  });
});
