import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { ClientSequences } from '../../../sidecar/completion/clientSequences.ts';
import { CompletionService } from '../../../sidecar/completion/completionService.ts';
import { requestAt } from './cursorAt.ts';
import { RankedFiles } from './rankedFiles.ts';
import { ScriptedEngine } from './scriptedEngine.ts';

const context = Array.from({ length: 400 }, (_, index) => index);
const document = Array.from({ length: 100 }, (_, index) => 1_000 + index);

/** What a request that evaluated so much of its prompt gives. */
const evaluated = (sequence: string, evaluatedTokens = 10_000) => ({ sequence, reusedTokens: 0, evaluatedTokens });

describe('a client\'s two sequences', () => {
  it('read a context beside the prompt that it would take the place of', () => {
    const sequences = new ClientSequences();
    assert.deepEqual(sequences.placeOf('a', [...context, ...document], 50), { sequence: 'completion:a' });
    sequences.ended('completion:a', document, evaluated('completion:a'));
    assert.deepEqual(sequences.placeOf('a', [...context, ...document], 50), { sequence: 'completion:a:next', copyFrom: 'completion:a' });
    assert.equal(sequences.use('a', 'completion:a:next'), 'completion:a', 'which is needed no more');
    assert.equal(sequences.use('a', 'completion:a:next'), undefined);
    sequences.ended('completion:a:next', [...context, ...document], evaluated('completion:a:next'));
    assert.equal(sequences.current('a'), 'completion:a:next');
    assert.deepEqual(sequences.placeOf('a', [...context.slice(0, 300), ...document], 50), { sequence: 'completion:a', copyFrom: 'completion:a:next' });
  });

  it('read it in place where little is lost, and where little is to be read', () => {
    const sequences = new ClientSequences();
    sequences.ended('completion:a', document, evaluated('completion:a'));
    assert.deepEqual(sequences.placeOf('a', [...document.slice(0, 60), ...context], 50), { sequence: 'completion:a' });
    assert.deepEqual(sequences.placeOf('a', document.slice(0, 40), 50), { sequence: 'completion:a' }, 'nothing is to be read');
    assert.deepEqual(sequences.placeOf('a', [...document.slice(0, 10), 1, 2, 3], 50), { sequence: 'completion:a' }, 'three tokens');
    sequences.confine('a');
    assert.deepEqual(sequences.placeOf('a', context, 50), { sequence: 'completion:a' }, 'there is no memory for another');
    assert.deepEqual(sequences.placeOf('b', document, 50), { sequence: 'completion:b' });
  });

  it('hold what was evaluated, whatever was wanted', () => {
    const sequences = new ClientSequences();
    sequences.ended('completion:a', context, { sequence: 'completion:a', reusedTokens: 100, evaluatedTokens: 50 });
    assert.equal(sequences.newTokens('a', [...context, 1]), 251);
    sequences.ended('completion:a', context, { reusedTokens: 0, evaluatedTokens: 0 });
    assert.equal(sequences.newTokens('a', [...context, 1]), 251, 'it ended before it had a sequence');
    sequences.ended('completion:a', context, undefined);
    assert.equal(sequences.newTokens('a', context), 400);
    sequences.ended('completion:a', context, evaluated('completion:a'));
    assert.equal(sequences.newTokens('a', context), 0);
    sequences.clear();
    assert.equal(sequences.newTokens('a', context), 400);
  });

  it('are forgotten with what they were given', () => {
    const sequences = new ClientSequences();
    sequences.ended('completion:a', document, evaluated('completion:a'));
    sequences.use('a', 'completion:a:next');
    sequences.forget('a');
    assert.equal(sequences.current('a'), 'completion:a');
    assert.deepEqual(sequences.placeOf('a', context, 0), { sequence: 'completion:a' });
  });
});

describe('a context that is read ahead', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const complete = async (service: CompletionService, workspace: RankedFiles, text: string): Promise<void> => {
    const completion = service.complete(requestAt(text, { uri: 'main.py', languageId: 'python', workspace, settings: { minDebounceMs: 0 } }), new AbortController().signal);
    await settle();
    mock.timers.tick(50);
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
    assert.equal(await pause(), 'background completion:window:next from completion:window');
    assert.equal(await type('y = ‸'), 'completion:window with a');
    engine.evaluated = ({ tokens }) => tokens.length;
    assert.equal(await pause(), 'background completion:window:next from completion:window');
    assert.equal(await type('z = ‸'), 'completion:window:next with a b');
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
    assert.equal(engine.generations.at(-1)?.sequence, 'completion:window:next');
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
    assert.deepEqual(engine.released, ['completion:window', 'completion:window:next']);
  });
});
