import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import {
  CompletionService,
  type CompletionServiceDependencies,
} from '../../../../sidecar/completion/completionService.ts';
import type { CompletionRequest } from '../../../../sidecar/completion/request.ts';
import type { ContextSet } from '../../../../sidecar/protocol/engine.ts';
import { requestAt } from '../cursorAt.ts';
import { RankedFiles } from '../rankedFiles.ts';
import { ScriptedEngine } from '../scriptedEngine.ts';
import { settle } from '../settle.ts';

const LINES = 'print()\n'.repeat(20);

describe('a document that the user only looks at', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  class Setting {
    readonly engine = new ScriptedEngine();
    readonly workspace = new RankedFiles();
    readonly reading: boolean[] = [];
    readonly service: CompletionService;

    constructor(options: Partial<CompletionServiceDependencies> = {}) {
      this.service = new CompletionService({
        session: { ...this.engine.session, loaded: this.engine.loaded },
        onReadAhead: (isReading) => this.reading.push(isReading),
        ...options,
      });
    }

    request(uri: string, line: string, overrides: Partial<CompletionRequest> = {}): CompletionRequest {
      return requestAt(`# ${uri}\n${line}‸\n${LINES}`, {
        uri,
        languageId: 'python',
        workspace: this.workspace,
        settings: { minDebounceMs: 0 },
        ...overrides,
      });
    }

    async type(uri: string, line: string, overrides: Partial<CompletionRequest> = {}): Promise<void> {
      this.workspace.ranking = uri === 'main.py' ? ['a'] : ['b', 'c'];
      const completion = this.service.complete(this.request(uri, line, overrides), new AbortController().signal);
      await settle();
      // The longest debounce, since the duration of the test's own steps counts as typing speed.
      mock.timers.tick(400);
      await completion;
      await settle();
    }

    async look(uri: string, overrides: Partial<CompletionRequest> = {}): Promise<void> {
      this.workspace.ranking = ['b', 'c'];
      await this.service.cursorRests(this.request(uri, '', overrides));
    }

    /** Waits three seconds without a request. Returns the documents that were read, and their sequences. */
    async pause(): Promise<string[]> {
      const before = this.engine.generations.length;
      mock.timers.tick(3_000);
      await settle();
      const read = this.engine.generations.slice(before);
      const texts = await Promise.all(read.map(({ tokens }) => this.engine.detokenize(tokens)));
      assert.ok(read.every(({ priority, maxTokens }) => priority === 'background' && maxTokens === 0));
      return read.map(
        ({ sequence, isExpendable }, index) =>
          `${/# (\w+)\.py/.exec(texts[index] ?? '')?.[1]} in ${sequence}${isExpendable === true ? ', expendable' : ''}`,
      );
    }
  }

  it('is read with its context in the next pause, without a loss for the other document', async () => {
    const setting = new Setting();
    await setting.type('main.py', 'x = ');
    await setting.look('other.py');
    assert.equal(setting.engine.generations.length, 1, 'it is not read at once');
    assert.deepEqual(await setting.pause(), ['other in completion:window:2, expendable']);
    assert.match(await setting.engine.promptOf(1), /# b\n/);
    assert.deepEqual(setting.reading, [true, false]);
    await setting.type('main.py', 'y = ');
    assert.equal(setting.engine.generations.at(-1)?.sequence, 'completion:window');
  });

  it('has its first completion in the sequence and with the context that were read', async () => {
    const setting = new Setting();
    await setting.type('main.py', 'x = ');
    await setting.look('other.py');
    await setting.pause();
    const context = (await setting.engine.promptOf(1)).split('# other')[0] ?? '';
    assert.match(context, /# a\n.*# c\n.*# b\n/s);
    await setting.type('other.py', 'y = ');
    assert.equal(setting.engine.generations.at(-1)?.sequence, 'completion:window:2');
    assert.ok((await setting.engine.promptOf(2)).startsWith(context));
  });

  it('is read before any request, and also if nothing can be completed at the cursor', async () => {
    const setting = new Setting();
    await setting.service.cursorRests({ ...setting.request('other.py', ''), offset: 0 });
    assert.match((await setting.pause()).join(), /^\w+ in completion:window, expendable$/);
  });

  it('is not read while the user types, and reading ends with the next keystroke', async () => {
    const setting = new Setting();
    await setting.type('main.py', 'x = ');
    await setting.look('other.py');
    mock.timers.tick(2_000);
    setting.service.documentChanged('window');
    mock.timers.tick(2_000);
    await settle();
    assert.equal(setting.engine.generations.length, 1);
    setting.engine.evaluation = (signal) =>
      new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
    mock.timers.tick(1_000);
    await settle();
    assert.equal(setting.engine.generations.length, 2);
    setting.service.documentChanged('window');
    await settle();
    assert.equal(setting.engine.cancelledGenerations, 1);
  });

  const elsewhere: Readonly<Record<string, (setting: Setting) => unknown>> = {
    'edits a document': ({ service }) => service.documentChanged('other window'),
    'asks for a completion': (setting) =>
      setting.service.complete(
        setting.request('third.py', 'z = ', { clientKey: 'other window' }),
        new AbortController().signal,
      ),
    'types where nothing is completed': (setting) =>
      setting.service.complete(
        { ...setting.request('third.py', ''), clientKey: 'other window', offset: 0 },
        new AbortController().signal,
      ),
  };
  for (const [says, type] of Object.entries(elsewhere)) {
    it(`is not read while the user ${says} in another window, but in the pause after it`, async () => {
      const setting = new Setting();
      const readings = (): number =>
        setting.engine.generations.filter(({ priority }) => priority === 'background').length;
      setting.engine.evaluation = (signal) =>
        new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
      await setting.look('other.py');
      mock.timers.tick(2_000);
      type(setting);
      mock.timers.tick(2_000);
      await settle();
      assert.equal(readings(), 0);
      mock.timers.tick(1_000);
      await settle();
      assert.ok(readings() > 0);
      assert.equal(setting.engine.cancelledGenerations, 0);
      const before = readings();
      type(setting);
      await settle();
      assert.ok(setting.engine.cancelledGenerations > 0);
      setting.engine.evaluation = async () => undefined;
      assert.notDeepEqual(await setting.pause(), []);
      assert.ok(readings() > before);
    });
  }

  it('is read no further when the machine runs on battery', async () => {
    let isQuiet = false;
    const setting = new Setting({ isQuiet: () => isQuiet });
    setting.engine.evaluation = (signal) =>
      new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
    await setting.look('other.py');
    await setting.pause();
    setting.service.quietnessChanged();
    await settle();
    assert.deepEqual(setting.reading, [true], 'the end of quiet mode stops nothing');
    isQuiet = true;
    setting.service.quietnessChanged();
    await settle();
    assert.equal(setting.engine.cancelledGenerations, 1);
    assert.deepEqual(setting.reading, [true, false]);
    assert.deepEqual(await setting.pause(), []);
  });

  it('is read no further when the user stops reading, until the user looks at it again', async () => {
    const setting = new Setting();
    await setting.type('main.py', 'x = ');
    await setting.look('other.py');
    setting.engine.evaluation = (signal) =>
      new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
    await setting.pause();
    assert.deepEqual(setting.reading, [true]);
    setting.service.stopReadingAhead('window');
    await settle();
    assert.equal(setting.engine.cancelledGenerations, 1);
    assert.deepEqual(setting.reading, [true, false]);
    assert.deepEqual(await setting.pause(), []);
    setting.engine.evaluation = async () => undefined;
    await setting.look('other.py');
    assert.deepEqual(await setting.pause(), ['other in completion:window:2, expendable']);
  });

  it('is not read on battery, with reading ahead off, without a loaded model, or without a slot', async () => {
    const [quiet, off] = [new Setting({ isQuiet: () => true }), new Setting()];
    await quiet.look('other.py');
    await off.look('other.py', { contextSettings: { readAhead: false } });
    assert.deepEqual([await quiet.pause(), await off.pause()], [[], []]);
    const unloaded = new Setting();
    const service = new CompletionService({ session: unloaded.engine.session });
    await service.cursorRests(unloaded.request('other.py', ''));
    assert.deepEqual(await unloaded.pause(), []);
    const full = new Setting();
    full.engine.generate = async (params) => {
      full.engine.generations.push(params);
      return {
        tokens: [],
        text: '',
        stopReason: 'timeout',
        reusedTokens: 0,
        evaluatedTokens: 0,
        promptMs: 0,
        generateMs: 0,
      };
    };
    await full.look('other.py');
    assert.equal((await full.pause()).length, 1);
    assert.equal((await full.pause()).length, 0, 'it is tried once');
  });

  it('is kept on disk as the settings say at evaluation, not when the cursor came to it', async () => {
    const allowed = { folder: '/contexts', name: 'project', maxBytes: 1e9 };
    let contextSet: ContextSet | undefined = allowed;
    const setting = new Setting();
    await setting.type('main.py', 'x = ', { contextSet: () => contextSet });
    await setting.look('other.py', { contextSet: () => contextSet });
    contextSet = undefined;
    await setting.pause();
    contextSet = allowed;
    await setting.pause();
    assert.deepEqual(
      setting.engine.generations.map((generation) => [generation.priority, generation.contextSet]),
      [
        ['completion', allowed],
        ['background', undefined],
        ['background', allowed],
      ],
    );
  });

  it('is followed by the rest of the previous document', async () => {
    const setting = new Setting();
    await setting.type('main.py', 'x = ');
    await setting.look('other.py');
    assert.deepEqual(await setting.pause(), ['other in completion:window:2, expendable']);
    assert.deepEqual(await setting.pause(), ['main in completion:window:3']);
    assert.deepEqual(await setting.pause(), []);
  });
});
