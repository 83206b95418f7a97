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

/** What a request that evaluated so much of its prompt gives. */
const evaluated = (sequence: string, evaluatedTokens = 10_000) => ({ sequence, reusedTokens: 0, evaluatedTokens });

class Setting {
  readonly released: string[] = [];
  readonly lost: string[] = [];
  /** Sequences whose place others took. */
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

  /** A prompt of a document is asked, and evaluated where it is to be, or in `used`. Gives the sequence. */
  ask(of: ClientDocument, tokens: readonly number[], used?: string): string {
    const place = this.sequences.placeToAsk(of, tokens, 50);
    this.sequences.asked(of, place, tokens, evaluated(used ?? place.sequence));
    return used ?? place.sequence;
  }
}

describe("a client's sequences for what is read ahead", () => {
  it('are beside the prompt that it would take the place of', () => {
    const { sequences, released } = new Setting();
    const whole = [...context, ...document];
    sequences.asked(main, { sequence: 'completion:a' }, document, evaluated('completion:a'));
    assert.deepEqual(sequences.placeToRead(main, whole, 50), { sequence: 'completion:a:2', copyFrom: 'completion:a' });
    sequences.ended('completion:a:2', whole, evaluated('completion:a:2'));
    sequences.read(main, 'completion:a:2');
    assert.deepEqual(released, ['completion:a'], 'which is needed no more');
    assert.deepEqual(sequences.placeToAsk(main, whole, 50), { sequence: 'completion:a:2' });
    assert.deepEqual(sequences.placeToRead(main, [...context.slice(0, 300), ...document], 50), {
      sequence: 'completion:a',
      copyFrom: 'completion:a:2',
    });
  });

  it("are the document's own where little is lost, and where little is to be read", () => {
    const { sequences } = new Setting();
    sequences.asked(main, { sequence: 'completion:a' }, document, evaluated('completion:a'));
    assert.deepEqual(sequences.placeToRead(main, [...document.slice(0, 60), ...context], 50), {
      sequence: 'completion:a',
    });
    assert.deepEqual(
      sequences.placeToRead(main, document.slice(0, 40), 50),
      { sequence: 'completion:a' },
      'nothing is to be read',
    );
    assert.deepEqual(
      sequences.placeToRead(main, [...document.slice(0, 10), 1, 2, 3], 50),
      { sequence: 'completion:a' },
      'three tokens',
    );
  });

  it('go on where they ended', () => {
    const { sequences } = new Setting();
    sequences.asked(main, { sequence: 'completion:a' }, document, evaluated('completion:a'));
    sequences.ended('completion:a:3', context, evaluated('completion:a:3', 100));
    assert.equal(sequences.placeToRead(main, context, 50).sequence, 'completion:a:3');
    assert.equal(sequences.placeToAsk(other, context, 50).sequence, 'completion:a:2', 'and are left alone by who asks');
  });

  it("take nobody's place for a document for which nothing was asked", () => {
    const setting = new Setting();
    const { sequences } = setting;
    assert.deepEqual(sequences.placeToRead(other, context, 50), { sequence: 'completion:a', isSpare: true });
    setting.ask(main, document);
    assert.deepEqual(sequences.placeToRead(other, context, 50), {
      sequence: 'completion:a:2',
      copyFrom: 'completion:a',
      isSpare: true,
    });
    sequences.ended('completion:a:2', context, evaluated('completion:a:2'));
    sequences.read(other, 'completion:a:2');
    assert.deepEqual(sequences.placeToRead(other, [...context, 1], 50), { sequence: 'completion:a:2', isSpare: true });
    assert.deepEqual(
      sequences.placeToAsk(main, document, 50),
      { sequence: 'completion:a' },
      'which is still the current one',
    );
  });
});

describe("a client's sequences for what is asked", () => {
  it('are one for each of the last documents', () => {
    const setting = new Setting();
    assert.deepEqual(
      [setting.ask(main, document), setting.ask(other, context), setting.ask(third, [7, ...document])],
      ['completion:a', 'completion:a:2', 'completion:a:3'],
    );
    assert.deepEqual([setting.ask(main, document), setting.ask(other, context)], ['completion:a', 'completion:a:2']);
    assert.equal(setting.ask(fourth, [8, ...document]), 'completion:a:4');
    assert.deepEqual(
      [setting.lost, setting.released],
      [['third'], ['completion:a:3']],
      'the one that was used least lately',
    );
    assert.equal(setting.ask({ clientKey: 'b', uri: 'main' }, document), 'completion:b');
  });

  it('copy what the document before holds, also for the keystroke after one that ended that', () => {
    const setting = new Setting();
    const { sequences } = setting;
    setting.ask(main, [...context, ...document, ...document]);
    const place = { sequence: 'completion:a:2', copyFrom: 'completion:a' };
    const tokens = [...context, 7];
    assert.deepEqual(sequences.placeToAsk(other, tokens, 50), place);
    sequences.asked(other, place, tokens, evaluated('completion:a:2', 256));
    assert.equal(sequences.newTokens(other, tokens), 1);
    assert.deepEqual(sequences.placeToAsk(other, tokens, 50), place);
    sequences.asked(other, place, tokens, evaluated('completion:a:2'));
    assert.deepEqual(sequences.placeToAsk(other, [...tokens, 8], 50), { sequence: 'completion:a:2' });
  });

  it('are the one of the document before where little is lost, or more would have to be evaluated again than that', () => {
    // Of 380 tokens up to 60 may not be copied, since rows are in stretches of 64.
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

  it('are the one of the document before where nothing can be copied: nobody waits for the context to be evaluated again', () => {
    for (const [common, sequence] of [
      [400, 'completion:a'],
      [40, 'completion:a:2'],
    ] as const) {
      const setting = new Setting(false);
      setting.ask(main, [...context.slice(0, common), ...Array.from({ length: 1_000 }, () => 5)]);
      assert.equal(setting.ask(other, [...context.slice(0, common), 7]), sequence, `${common}`);
    }
  });

  it('are one alone on a server, which names none: the next document begins with the context of the one before', async () => {
    const setting = new Setting(false);
    const { sequences } = setting;
    const served = { reusedTokens: 0, evaluatedTokens: document.length };
    for (const of of [main, other]) sequences.asked(of, sequences.placeToAsk(of, document, 50), document, served);
    assert.equal(await sequences.baseOf(third), 'other');
    assert.equal(await sequences.baseOf(main), 'other');
    assert.deepEqual(setting.lost, ['main']);
    assert.equal(sequences.newTokens(other, document), document.length, 'what it holds is its own affair');
  });

  it('are the one of the document before where the engine has no room for another', () => {
    const setting = new Setting();
    setting.ask(main, document);
    setting.ask(other, context, 'completion:a');
    assert.deepEqual(setting.lost, ['main']);
    assert.deepEqual(setting.sequences.placeToAsk(other, context, 50), { sequence: 'completion:a' });
  });

  it('are asked for where the user comes back: others may have taken the place', async () => {
    const setting = new Setting();
    const { sequences } = setting;
    assert.equal(await sequences.baseOf(main), undefined);
    setting.ask(main, document);
    assert.equal(await sequences.baseOf(other), 'main');
    setting.ask(other, context);
    assert.deepEqual([await sequences.baseOf(main), await sequences.baseOf(other)], ['main', 'other']);
    assert.deepEqual(sequences.placeToAsk(main, document, 50), {
      sequence: 'completion:a',
      copyFrom: 'completion:a:2',
    });
    setting.gone.add('completion:a');
    assert.equal(await sequences.baseOf(main), 'other');
    assert.deepEqual(setting.lost, ['main']);
    assert.equal(sequences.newTokens(main, document), document.length);
  });

  it('stay where reading ahead brought the document while a request was under way', () => {
    const setting = new Setting();
    const { sequences } = setting;
    setting.ask(main, document);
    const place = sequences.placeToAsk(main, document, 50);
    sequences.ended('completion:a:2', context, evaluated('completion:a:2'));
    sequences.read(main, 'completion:a:2');
    sequences.asked(main, place, document, evaluated('completion:a'));
    assert.deepEqual(sequences.placeToAsk(main, context, 50), { sequence: 'completion:a:2' });
    assert.deepEqual(setting.released, ['completion:a', 'completion:a']);
  });

  it('hold what was evaluated, whatever was wanted', () => {
    const { sequences } = new Setting();
    const place = { sequence: 'completion:a' };
    sequences.asked(main, place, context, { sequence: 'completion:a', reusedTokens: 100, evaluatedTokens: 50 });
    assert.equal(sequences.newTokens(main, [...context, 1]), 251);
    sequences.asked(main, place, context, { reusedTokens: 0, evaluatedTokens: 0 });
    assert.equal(sequences.newTokens(main, [...context, 1]), 251, 'it ended before it had a sequence');
    sequences.asked(main, place, context, undefined);
    assert.equal(sequences.newTokens(main, context), 400);
    sequences.asked(main, place, context, evaluated('completion:a'));
    assert.equal(sequences.newTokens(main, context), 0);
    sequences.loaded({});
    assert.equal(sequences.newTokens(main, context), 400);
  });

  it('are forgotten with what they were given', () => {
    const setting = new Setting();
    setting.ask(main, document);
    setting.ask(other, context);
    setting.sequences.forget('a');
    assert.deepEqual(setting.sequences.placeToAsk(other, context, 0), { sequence: 'completion:a' });
    assert.equal(setting.sequences.newTokens(other, context), context.length);
  });
});

describe('a context that is read ahead', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  const complete = async (service: CompletionService, workspace: RankedFiles, text: string): Promise<void> => {
    const completion = service.complete(
      requestAt(text, { uri: 'main.py', languageId: 'python', workspace, settings: { minDebounceMs: 0 } }),
      new AbortController().signal,
    );
    await settle();
    // The longest wait after a keystroke, since the test's own steps are timed.
    mock.timers.tick(400);
    await completion;
  };

  it('takes nothing from who types on before it is whole, and stands in the prompts once it is', async () => {
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

  it('goes on when it was ended before it was whole, also where nobody types', async () => {
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

  it('is given up where nothing stays of what is read', async () => {
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

  it('is ended before what is held of a client that left is forgotten', async () => {
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

describe('a document that the user comes back to', () => {
  /** A user types in documents, each a name and a line; gives the last prompt and where it was evaluated. */
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

  it('has the prompt that it had, in the sequence that it had', async () => {
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

  it('has what stands behind the cursor as it was where that is evaluated, and else as it is', async () => {
    const places = [
      ['main.py', 'x = '],
      ['other.py', 'x = '],
      ['main.py', 'y = ', 19],
    ] as const;
    const linesIn = ({ prompt }: { readonly prompt: string }): number => prompt.split('print()').length - 1;
    assert.deepEqual([linesIn(await type(places)), linesIn(await type(places, false))], [20, 19]);
  });

  it('has one that begins as what the engine holds of the other document, where its sequence is gone', async () => {
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
