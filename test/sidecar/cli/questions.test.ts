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

/** What was asked by now; "nothing" where the terminal waits for a question. */
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

  it('are lines, which the terminal prompts for', async () => {
    const question = questions.next();
    assert.equal(terminal.prompts, 1);
    terminal.type('one');
    await pass(40);
    assert.equal(await asked(question), 'one');
    assert.deepEqual(shown, []);
  });

  it('are all lines of a paste', async () => {
    const question = questions.next();
    terminal.type('one', '', 'two');
    await pass(20);
    terminal.type('three');
    await pass(20);
    assert.equal(await asked(question), 'nothing');
    await pass(20);
    assert.equal(await question, 'one\n\ntwo\nthree');
  });

  it('go on to the end of the line that a paste ends in', async () => {
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

  it('have lines of a paste that are there when it is time, and were not read', async () => {
    const question = questions.next();
    terminal.type('one');
    mock.timers.tick(30);
    terminal.type('two');
    await nextTurn();
    assert.equal(await asked(question), 'nothing');
    await pass(40);
    assert.equal(await question, 'one\ntwo');
  });

  it('wait while an answer is written, each for its turn, and are shown then', async () => {
    terminal.type('one', 'two');
    await pass(1_000);
    terminal.type('three');
    await pass(1_000);
    assert.deepEqual([await asked(questions.next()), await asked(questions.next())], ['one\ntwo', 'three']);
    assert.deepEqual(shown, ['one\ntwo', 'three']);
    assert.equal(terminal.prompts, 0);
    assert.equal(await asked(questions.next()), 'nothing');
  });

  it('are blank only where one is waited for', async () => {
    terminal.type('');
    await pass(40);
    const question = questions.next();
    assert.equal(await asked(question), 'nothing');
    terminal.type('');
    await pass(40);
    assert.equal(await asked(question), '');
  });

  it('are commands by themselves, where a line begins no other', async () => {
    const question = questions.next();
    terminal.type('/new', 'one', '/new', 'two');
    assert.equal(await asked(question), '/new');
    const next = questions.next();
    await pass(40);
    assert.equal(await asked(next), 'one\n/new\ntwo');
  });

  it('are no more when the terminal closes', async () => {
    terminal.type('one');
    await pass(40);
    terminal.type('two');
    terminal.emit('close');
    assert.equal(await asked(questions.next()), undefined);
  });

  it('are no more for whom waits when the terminal closes, but for one that is whole', async () => {
    const question = questions.next();
    terminal.type('one', 'two');
    terminal.emit('close');
    assert.equal(await asked(question), 'one\ntwo');
    assert.equal(await asked(questions.next()), undefined);
  });

  it('are none where the terminal closes in the middle of one', async () => {
    const question = questions.next();
    terminal.type('one');
    terminal.line = 'two';
    terminal.emit('close');
    assert.equal(await asked(question), undefined);
  });
});
