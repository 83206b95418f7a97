import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { type ClientDocument, ClientSequences } from '../../../sidecar/completion/clientSequences.ts';
import { CompletionService } from '../../../sidecar/completion/completionService.ts';
import { requestAt } from './cursorAt.ts';
import { RankedFiles } from './rankedFiles.ts';
import { ScriptedEngine } from './scriptedEngine.ts';
import { settle } from './settle.ts';

const context = Array.from({ length: 400 }, (_, index) => index);
/** The sequences that a window may have. */
const ALL = ['completion:window', 'completion:window:2', 'completion:window:3', 'completion:window:4'];
const document = Array.from({ length: 100 }, (_, index) => 1_000 + index);

const main = { clientKey: 'a', uri: 'main' };
const other = { clientKey: 'a', uri: 'other' };
const third = { clientKey: 'a', uri: 'third' };
const fourth = { clientKey: 'a', uri: 'fourth' };

/** The result of a request that evaluated so many tokens of its prompt. */
const evaluated = (sequence: string, evaluatedTokens = 10_000) => ({ sequence, reusedTokens: 0, evaluatedTokens });

class Setting {
  readonly released: string[] = [];
  readonly lost: string[] = [];
  /** Sequences that the engine has not kept. */
  readonly gone = new Set<string>();
  readonly sequences = new ClientSequences({
    engine: {
      releaseSequence: async (sequence) => {
        this.released.push(sequence);
      },
      hasSequence: async (sequence) => !this.gone.has(sequence),
    },
    onLost: ({ uri }) => this.lost.push(uri),
  });

  constructor(copiesRows = true) {
    this.sequences.loaded({ copiesRows });
  }

  /** Evaluates a prompt for a user, in the chosen sequence or in `used`. Returns the sequence. */
  ask(of: ClientDocument, tokens: readonly number[], used?: string): string {
    const choice = this.sequences.chooseForRequest(of, tokens, 50);
    this.sequences.noteRequest(of, choice, tokens, evaluated(used ?? choice.sequence));
    return used ?? choice.sequence;
  }
}

describe('ClientSequences.chooseForReadAhead', () => {
  it('takes another sequence than the prompt that would be lost', () => {
    const { sequences, released } = new Setting();
    const whole = [...context, ...document];
    sequences.noteRequest(main, { sequence: 'completion:a' }, document, evaluated('completion:a'));
    assert.deepEqual(sequences.chooseForReadAhead(main, whole, 50), {
      sequence: 'completion:a:2',
      copyFrom: 'completion:a',
    });
    sequences.noteHeld('completion:a:2', whole, evaluated('completion:a:2'));
    sequences.noteReadAhead(main, 'completion:a:2');
    assert.deepEqual(released, ['completion:a'], 'the former sequence');
    assert.deepEqual(sequences.chooseForRequest(main, whole, 50), { sequence: 'completion:a:2' });
    assert.deepEqual(sequences.chooseForReadAhead(main, [...context.slice(0, 300), ...document], 50), {
      sequence: 'completion:a',
      copyFrom: 'completion:a:2',
    });
  });

  it("takes the document's own sequence if few tokens are lost or few are new", () => {
    const { sequences } = new Setting();
    sequences.noteRequest(main, { sequence: 'completion:a' }, document, evaluated('completion:a'));
    assert.deepEqual(sequences.chooseForReadAhead(main, [...document.slice(0, 60), ...context], 50), {
      sequence: 'completion:a',
    });
    assert.deepEqual(
      sequences.chooseForReadAhead(main, document.slice(0, 40), 50),
      { sequence: 'completion:a' },
      'nothing is new',
    );
    assert.deepEqual(
      sequences.chooseForReadAhead(main, [...document.slice(0, 10), 1, 2, 3], 50),
      { sequence: 'completion:a' },
      'three tokens are new',
    );
  });

  it('continues in the sequence that holds the beginning of the prompt', () => {
    const { sequences } = new Setting();
    sequences.noteRequest(main, { sequence: 'completion:a' }, document, evaluated('completion:a'));
    sequences.noteHeld('completion:a:3', context, evaluated('completion:a:3', 100));
    assert.equal(sequences.chooseForReadAhead(main, context, 50).sequence, 'completion:a:3');
    assert.equal(
      sequences.chooseForRequest(other, context, 50).sequence,
      'completion:a:2',
      'which requests leave alone',
    );
  });

  it('is expendable for a document without a completion', () => {
    const setting = new Setting();
    const { sequences } = setting;
    assert.deepEqual(sequences.chooseForReadAhead(other, context, 50), {
      sequence: 'completion:a',
      isExpendable: true,
    });
    setting.ask(main, document);
    assert.deepEqual(sequences.chooseForReadAhead(other, context, 50), {
      sequence: 'completion:a:2',
      copyFrom: 'completion:a',
      isExpendable: true,
    });
    sequences.noteHeld('completion:a:2', context, evaluated('completion:a:2'));
    sequences.noteReadAhead(other, 'completion:a:2');
    assert.deepEqual(sequences.chooseForReadAhead(other, [...context, 1], 50), {
      sequence: 'completion:a:2',
      isExpendable: true,
    });
    assert.deepEqual(
      sequences.chooseForRequest(main, document, 50),
      { sequence: 'completion:a' },
      'it is still the current document',
    );
  });
});

describe('ClientSequences.chooseForRequest', () => {
  it('gives each of the last three documents its own sequence', () => {
    const setting = new Setting();
    assert.deepEqual(
      [setting.ask(main, document), setting.ask(other, context), setting.ask(third, [7, ...document])],
      ['completion:a', 'completion:a:2', 'completion:a:3'],
    );
    assert.deepEqual([setting.ask(main, document), setting.ask(other, context)], ['completion:a', 'completion:a:2']);
    assert.equal(setting.ask(fourth, [8, ...document]), 'completion:a:4');
    assert.deepEqual([setting.lost, setting.released], [['third'], ['completion:a:3']], 'the least recently used one');
    assert.equal(setting.ask({ clientKey: 'b', uri: 'main' }, document), 'completion:b');
  });

  it('copies rows of the previous document, also after a keystroke ended the copy', () => {
    const setting = new Setting();
    const { sequences } = setting;
    setting.ask(main, [...context, ...document, ...document]);
    const choice = { sequence: 'completion:a:2', copyFrom: 'completion:a' };
    const tokens = [...context, 7];
    assert.deepEqual(sequences.chooseForRequest(other, tokens, 50), choice);
    sequences.noteRequest(other, choice, tokens, evaluated('completion:a:2', 256));
    assert.equal(sequences.newTokens(other, tokens), 1);
    assert.deepEqual(sequences.chooseForRequest(other, tokens, 50), choice);
    sequences.noteRequest(other, choice, tokens, evaluated('completion:a:2'));
    assert.deepEqual(sequences.chooseForRequest(other, [...tokens, 8], 50), { sequence: 'completion:a:2' });
  });

  it("takes the previous document's sequence if that loses few tokens, or fewer than a copy would leave to evaluate", () => {
    // Of 380 tokens 60 may not be copied, since rows are copied in stretches of 64.
    for (const [common, tail, sequence] of [
      [384, 50, 'completion:a'],
      [384, 55, 'completion:a:2'],
      [380, 55, 'completion:a'],
      [380, 65, 'completion:a:2'],
    ] as const) {
      const setting = new Setting();
      setting.ask(main, [...context.slice(0, common), ...Array.from({ length: tail }, () => 5)]);
      assert.equal(setting.ask(other, [...context.slice(0, common), 7]), sequence, `${common} ${tail}`);
      assert.deepEqual(setting.lost, sequence === 'completion:a' ? ['main'] : []);
    }
  });

  it("takes the previous document's sequence if its context cannot be copied and takes long to evaluate", () => {
    for (const [common, sequence] of [
      [400, 'completion:a'],
      [40, 'completion:a:2'],
    ] as const) {
      const setting = new Setting(false);
      setting.ask(main, [...context.slice(0, common), ...Array.from({ length: 1_000 }, () => 5)]);
      assert.equal(setting.ask(other, [...context.slice(0, common), 7]), sequence, `${common}`);
    }
  });

  it('takes one sequence for all documents on a server, which names none', async () => {
    const setting = new Setting(false);
    const { sequences } = setting;
    const served = { reusedTokens: 0, evaluatedTokens: document.length };
    for (const of of [main, other])
      sequences.noteRequest(of, sequences.chooseForRequest(of, document, 50), document, served);
    assert.equal(await sequences.baseOf(third), 'other');
    assert.equal(await sequences.baseOf(main), 'other');
    assert.deepEqual(setting.lost, ['main']);
    assert.equal(sequences.newTokens(other, document), document.length, 'only the server knows what it holds');
  });

  it("takes the previous document's sequence after the engine had no room for another", () => {
    const setting = new Setting();
    setting.ask(main, document);
    setting.ask(other, context, 'completion:a');
    assert.deepEqual(setting.lost, ['main']);
    assert.deepEqual(setting.sequences.chooseForRequest(other, context, 50), { sequence: 'completion:a' });
  });

  it('copies from the previous document when the user comes back, and asks whether the sequence is still there', async () => {
    const setting = new Setting();
    const { sequences } = setting;
    assert.equal(await sequences.baseOf(main), undefined);
    setting.ask(main, document);
    assert.equal(await sequences.baseOf(other), 'main');
    setting.ask(other, context);
    assert.deepEqual([await sequences.baseOf(main), await sequences.baseOf(other)], ['main', 'other']);
    assert.deepEqual(sequences.chooseForRequest(main, document, 50), {
      sequence: 'completion:a',
      copyFrom: 'completion:a:2',
    });
    setting.gone.add('completion:a');
    assert.equal(await sequences.baseOf(main), 'other');
    assert.deepEqual(setting.lost, ['main']);
    assert.equal(sequences.newTokens(main, document), document.length);
  });

  it('keeps the sequence that reading ahead gave the document during a request', () => {
    const setting = new Setting();
    const { sequences } = setting;
    setting.ask(main, document);
    const choice = sequences.chooseForRequest(main, document, 50);
    sequences.noteHeld('completion:a:2', context, evaluated('completion:a:2'));
    sequences.noteReadAhead(main, 'completion:a:2');
    sequences.noteRequest(main, choice, document, evaluated('completion:a'));
    assert.deepEqual(sequences.chooseForRequest(main, context, 50), { sequence: 'completion:a:2' });
    assert.deepEqual(setting.released, ['completion:a', 'completion:a']);
  });

  it('counts the evaluated tokens as held, not the requested ones', () => {
    const { sequences } = new Setting();
    const choice = { sequence: 'completion:a' };
    sequences.noteRequest(main, choice, context, { sequence: 'completion:a', reusedTokens: 100, evaluatedTokens: 50 });
    assert.equal(sequences.newTokens(main, [...context, 1]), 251);
    sequences.noteRequest(main, choice, context, { reusedTokens: 0, evaluatedTokens: 0 });
    assert.equal(sequences.newTokens(main, [...context, 1]), 251, 'the request ended before it had a sequence');
    sequences.noteRequest(main, choice, context, undefined);
    assert.equal(sequences.newTokens(main, context), 400);
    sequences.noteRequest(main, choice, context, evaluated('completion:a'));
    assert.equal(sequences.newTokens(main, context), 0);
    sequences.loaded({});
    assert.equal(sequences.newTokens(main, context), 400);
  });

  it('starts anew after the client was forgotten', () => {
    const setting = new Setting();
    setting.ask(main, document);
    setting.ask(other, context);
    setting.sequences.forget('a');
    assert.deepEqual(setting.sequences.chooseForRequest(other, context, 0), { sequence: 'completion:a' });
    assert.equal(setting.sequences.newTokens(other, context), context.length);
  });
});

describe('reading a context ahead', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  const complete = async (service: CompletionService, workspace: RankedFiles, text: string): Promise<void> => {
    const completion = service.complete(
      requestAt(text, { uri: 'main.py', languageId: 'python', workspace, settings: { minDebounceMs: 0 } }),
      new AbortController().signal,
    );
    await settle();
    // The longest debounce, since the duration of the test's own steps counts as typing speed.
    mock.timers.tick(400);
    await completion;
  };

  it('leaves the current prompts as they are until the new context is whole, and then uses it', async () => {
    const engine = new ScriptedEngine();
    const workspace = new RankedFiles();
    const service = new CompletionService({ session: engine.session });
    const type = async (text: string): Promise<string> => {
      await complete(service, workspace, text);
      const { sequence } = engine.generations.at(-1) ?? {};
      const prompt = await engine.promptOf(engine.generations.length - 1);
      return `${sequence} with ${[...prompt.matchAll(/^# (\w)$/gm)].map(([, name]) => name).join(' ')}`;
    };
    const pause = async (): Promise<string> => {
      mock.timers.tick(3_000);
      await settle();
      const { sequence, copyFrom, priority } = engine.generations.at(-1) ?? {};
      return `${priority} ${sequence} from ${copyFrom}`;
    };
    workspace.ranking = ['a'];
    assert.equal(await type('x = ‸'), 'completion:window with a');
    workspace.ranking = ['b', 'a'];
    engine.evaluated = ({ tokens, priority }) => (priority === 'background' ? tokens.length - 1 : tokens.length);
    assert.equal(await pause(), 'background completion:window:2 from completion:window');
    assert.equal(await type('y = ‸'), 'completion:window with a');
    engine.evaluated = ({ tokens }) => tokens.length;
    assert.equal(await pause(), 'background completion:window:2 from completion:window');
    assert.equal(await type('z = ‸'), 'completion:window:2 with a b');
    assert.deepEqual(engine.released, ['completion:window']);
  });

  it('continues after an early end, also if the user types nothing', async () => {
    const engine = new ScriptedEngine();
    const workspace = new RankedFiles();
    const service = new CompletionService({ session: engine.session });
    const pause = async (): Promise<number> => {
      const before = engine.generations.length;
      mock.timers.tick(3_000);
      await settle();
      return engine.generations.length - before;
    };
    const type = (text: string): Promise<void> => complete(service, workspace, text);
    workspace.ranking = ['a'];
    await type('x = ‸');
    workspace.ranking = ['b', 'a'];
    engine.evaluated = ({ tokens, priority }) => (priority === 'background' ? tokens.length - 1 : tokens.length);
    assert.equal(await pause(), 1);
    engine.evaluated = ({ tokens }) => tokens.length;
    assert.equal(await pause(), 1);
    assert.equal(await pause(), 0);
    await type('y = ‸');
    assert.equal(engine.generations.at(-1)?.sequence, 'completion:window:2');
  });

  it('gives up after six attempts without a held token', async () => {
    const engine = new ScriptedEngine();
    const workspace = new RankedFiles();
    const service = new CompletionService({ session: engine.session });
    await complete(service, workspace, 'x = ‸');
    workspace.ranking = ['b', 'a'];
    engine.evaluated = () => 0;
    const before = engine.generations.length;
    for (let pause = 0; pause < 20; pause++) {
      mock.timers.tick(3_000);
      await settle();
    }
    assert.equal(engine.generations.length - before, 6);
  });

  it('ends before the sequences of a client that left are released', async () => {
    const engine = new ScriptedEngine();
    const workspace = new RankedFiles();
    workspace.ranking = ['a'];
    const service = new CompletionService({ session: engine.session });
    await complete(service, workspace, 'x = ‸');
    workspace.ranking = ['b', 'a'];
    let end = (): void => undefined;
    const generate = engine.generate.bind(engine);
    engine.generate = async (...request) => {
      await new Promise<void>((resolve) => (end = resolve));
      return generate(...request);
    };
    mock.timers.tick(3_000);
    await settle();
    const forgotten = service.forgetClient('window');
    await settle();
    assert.deepEqual(engine.released, []);
    end();
    await forgotten;
    assert.deepEqual(engine.released, ALL);
  });
});

describe('a document that the user returns to', () => {
  /** Types in documents, each a name and a line. Returns the last prompt and its sequence. */
  async function type(
    places: readonly (readonly [uri: string, line: string, linesBehind?: number])[],
    hasSequence = true,
  ): Promise<{ prompt: string; sequence: string | undefined; copyFrom: string | undefined }> {
    const engine = new ScriptedEngine([], { copiesRows: true });
    engine.hasSequence = async () => hasSequence;
    const workspace = new RankedFiles();
    const service = new CompletionService({ session: engine.session });
    for (const [uri, line, linesBehind = 20] of places) {
      workspace.ranking = uri === 'main.py' ? ['a', 'b'] : ['b', 'c'];
      const text = `# ${uri}\n${line}‸\n${'print()\n'.repeat(linesBehind)}`;
      await service.complete(
        requestAt(text, { uri, languageId: 'python', workspace, settings: { minDebounceMs: 0 } }),
        new AbortController().signal,
      );
    }
    const { sequence, copyFrom } = engine.generations.at(-1) ?? {};
    return { prompt: await engine.promptOf(engine.generations.length - 1), sequence, copyFrom };
  }

  it('has the same prompt in the same sequence', async () => {
    const stayed = await type([
      ['main.py', 'x = '],
      ['main.py', 'y = '],
    ]);
    const back = await type([
      ['main.py', 'x = '],
      ['other.py', 'x = '],
      ['main.py', 'y = '],
    ]);
    assert.equal(back.prompt, stayed.prompt);
    assert.deepEqual([back.sequence, back.copyFrom], ['completion:window', 'completion:window:2']);
  });

  it('has its former suffix if that is still evaluated, and otherwise its new suffix', async () => {
    const places = [
      ['main.py', 'x = '],
      ['other.py', 'x = '],
      ['main.py', 'y = ', 19],
    ] as const;
    const linesIn = ({ prompt }: { readonly prompt: string }): number => prompt.split('print()').length - 1;
    assert.deepEqual([linesIn(await type(places)), linesIn(await type(places, false))], [20, 19]);
  });

  it("begins with the other document's context if its own sequence is gone", async () => {
    const others = await type([
      ['main.py', 'x = '],
      ['other.py', 'x = '],
    ]);
    const back = await type(
      [
        ['main.py', 'x = '],
        ['other.py', 'x = '],
        ['main.py', 'y = '],
      ],
      false,
    );
    const namesIn = ({ prompt }: { readonly prompt: string }): string =>
      [...prompt.matchAll(/^# (\w)$/gm)].map(([, name]) => name).join(' ');
    assert.deepEqual([namesIn(others), namesIn(back)], ['b a c', 'b a c']);
    assert.equal(others.sequence, 'completion:window:2');
  });
});
