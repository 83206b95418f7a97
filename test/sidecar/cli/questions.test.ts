import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Questions } from '../../../sidecar/cli/questions.ts';

/** A terminal whose lines the test types. */
class FakeTerminal extends EventEmitter {
  line = '';
  prompts = 0;

  prompt(): void {
    this.prompts++;
  }

  type(...lines: readonly string[]): void {
    for (const line of lines) this.emit('line', line);
  }
}

let terminal: FakeTerminal;
let questions: Questions;
let shown: string[];

/** Lets time pass, and all that waits for it happen. */
async function pass(durationMs: number): Promise<void> {
  mock.timers.tick(durationMs);
  await nextTurn();
}

/** Returns the question asked by now, or "nothing" if the terminal waits for one. */
async function asked(question: Promise<string | undefined>): Promise<string | undefined> {
  return Promise.race([question, nextTurn('nothing')]);
}

describe('questions in a terminal', () => {
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    terminal = new FakeTerminal();
    shown = [];
    questions = new Questions(terminal, {
      isCommand: (line) => line === '/new',
      show: (question) => shown.push(question),
    });
  });
  afterEach(() => mock.timers.reset());

  it('are single lines for which the terminal prompts', async () => {
    const question = questions.next();
    assert.equal(terminal.prompts, 1);
    terminal.type('one');
    await pass(40);
    assert.equal(await asked(question), 'one');
    assert.deepEqual(shown, []);
  });

  it('include all lines of a paste', async () => {
    const question = questions.next();
    terminal.type('one', '', 'two');
    await pass(20);
    terminal.type('three');
    await pass(20);
    assert.equal(await asked(question), 'nothing');
    await pass(20);
    assert.equal(await question, 'one\n\ntwo\nthree');
  });

  it('continue to the end of the line in which a paste ends', async () => {
    const question = questions.next();
    terminal.type('one');
    terminal.line = 'two';
    await pass(5_000);
    assert.equal(await asked(question), 'nothing');
    terminal.line = '';
    terminal.type('two');
    await pass(40);
    assert.equal(await asked(question), 'one\ntwo');
  });

  it('include lines of a paste that had arrived but were not read in time', async () => {
    const question = questions.next();
    terminal.type('one');
    mock.timers.tick(30);
    terminal.type('two');
    await nextTurn();
    assert.equal(await asked(question), 'nothing');
    await pass(40);
    assert.equal(await question, 'one\ntwo');
  });

  it('wait in order while an answer is written, and are then shown', async () => {
    terminal.type('one', 'two');
    await pass(1_000);
    terminal.type('three');
    await pass(1_000);
    assert.deepEqual([await asked(questions.next()), await asked(questions.next())], ['one\ntwo', 'three']);
    assert.deepEqual(shown, ['one\ntwo', 'three']);
    assert.equal(terminal.prompts, 0);
    assert.equal(await asked(questions.next()), 'nothing');
  });

  it('may be blank only if one is awaited', async () => {
    terminal.type('');
    await pass(40);
    const question = questions.next();
    assert.equal(await asked(question), 'nothing');
    terminal.type('');
    await pass(40);
    assert.equal(await asked(question), '');
  });

  it('are single commands, unless the line continues a question', async () => {
    const question = questions.next();
    terminal.type('/new', 'one', '/new', 'two');
    assert.equal(await asked(question), '/new');
    const next = questions.next();
    await pass(40);
    assert.equal(await asked(next), 'one\n/new\ntwo');
  });

  it('are dropped when the terminal closes', async () => {
    terminal.type('one');
    await pass(40);
    terminal.type('two');
    terminal.emit('close');
    assert.equal(await asked(questions.next()), undefined);
  });

  it('are dropped when the terminal closes, except a complete one that is awaited', async () => {
    const question = questions.next();
    terminal.type('one', 'two');
    terminal.emit('close');
    assert.equal(await asked(question), 'one\ntwo');
    assert.equal(await asked(questions.next()), undefined);
  });

  it('are dropped when the terminal closes in the middle of one', async () => {
    const question = questions.next();
    terminal.type('one');
    terminal.line = 'two';
    terminal.emit('close');
    assert.equal(await asked(question), undefined);
  });
});
