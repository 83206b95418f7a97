import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DailyBudget } from '../../../extension/learning/dailyBudget.ts';
import { IdleLearning, type BackgroundOutcome } from '../../../extension/learning/idleLearning.ts';

const MINUTE = 60_000;

/** The window, its user and the process, under a clock that the test moves. */
class Window {
  readonly said: string[] = [];
  readonly learning: IdleLearning;
  mayLearn = true;
  isActive = false;
  #spent: unknown;
  #finish: ((outcome: BackgroundOutcome) => void) | undefined;

  constructor({ canPause = true, minutesPerDay = 60 } = {}) {
    const memory = {
      get: <Value>() => this.#spent as Value,
      update: async (_key: string, value: unknown) => void (this.#spent = value),
    };
    this.learning = new IdleLearning({
      mayLearn: () => this.mayLearn,
      idleMs: () => 5 * MINUTE,
      budget: new DailyBudget(memory, () => minutesPerDay),
      start: () => {
        this.said.push('start');
        const outcome = new Promise<BackgroundOutcome>((resolve) => (this.#finish = resolve));
        const say = (word: string) => () => void this.said.push(word);
        return { outcome, pause: say('pause'), resume: say('resume'), end: say('end') };
      },
      canPause,
      isActive: () => this.isActive,
      onDidChange: () => undefined,
    });
    this.learning.update();
  }

  /** The process ends. */
  async ends(outcome: BackgroundOutcome): Promise<void> {
    this.#finish?.(outcome);
    await nextTurn();
  }
}

/** Moves the clock by steps, as timers would find it. */
function pass(minutes: number): void {
  for (let seconds = 0; seconds < minutes * 60; seconds++) mock.timers.tick(1_000);
}

describe('learning by itself', () => {
  beforeEach(() => mock.timers.enable({ apis: ['Date', 'setTimeout'], now: new Date(2026, 5, 1, 9).getTime() }));
  afterEach(() => mock.timers.reset());

  it('begins after five minutes without input', () => {
    const { said, learning } = new Window();
    pass(4.9);
    learning.input();
    pass(4.9);
    assert.deepEqual(said, []);
    pass(0.2);
    assert.deepEqual(said, ['start']);
    learning.dispose();
  });

  it('does not begin while the user is active without events', () => {
    const window = new Window();
    window.isActive = true;
    pass(20);
    assert.deepEqual(window.said, []);
    window.isActive = false;
    pass(11);
    assert.deepEqual(window.said, ['start']);
    window.learning.dispose();
  });

  it('pauses at input, and goes on after five minutes without it', () => {
    const { said, learning } = new Window();
    pass(6);
    learning.input();
    learning.input();
    assert.deepEqual([said, learning.phase], [['start', 'pause'], 'paused']);
    pass(4.9);
    assert.equal(learning.phase, 'paused');
    pass(0.2);
    assert.deepEqual([said, learning.phase], [['start', 'pause', 'resume'], 'learning']);
    learning.dispose();
  });

  it('ends after ten minutes of work, which frees its memory', () => {
    const { said, learning } = new Window();
    pass(6);
    for (let minute = 0; minute < 12; minute++) {
      learning.input();
      pass(1);
    }
    assert.deepEqual(said, ['start', 'pause', 'end']);
    learning.dispose();
  });

  it('ends at input where it cannot pause, and begins again after five minutes', async () => {
    const window = new Window({ canPause: false });
    pass(6);
    window.learning.input();
    window.learning.input();
    assert.deepEqual([window.said, window.learning.phase], [['start', 'end'], 'ending']);
    pass(6);
    assert.deepEqual(window.said, ['start', 'end'], 'it begins no second process beside the first');
    await window.ends('ended');
    assert.deepEqual(window.said, ['start', 'end', 'start']);
    window.learning.dispose();
  });

  it('learns for so many minutes a day, and pauses do not count', async () => {
    const window = new Window({ minutesPerDay: 10 });
    pass(9);
    window.learning.input();
    pass(9);
    assert.deepEqual(window.said, ['start', 'pause', 'resume']);
    pass(3);
    assert.deepEqual(window.said.at(-1), 'end');
    await window.ends('ended');
    pass(120);
    assert.deepEqual(window.said, ['start', 'pause', 'resume', 'end']);
    pass(24 * 60);
    assert.deepEqual(window.said, ['start', 'pause', 'resume', 'end', 'start', 'end'], 'the next day');
    window.learning.dispose();
  });

  it('never begins with a budget of 0', () => {
    const { said, learning } = new Window({ minutesPerDay: 0 });
    pass(60);
    assert.deepEqual(said, []);
    learning.dispose();
  });

  for (const [outcome, minutes] of [
    ['battery', 10],
    ['other-process', 10],
    ['nothing-new', 60],
    ['learnt', 60],
    ['failed', 60],
  ] as const)
    it(`looks again ${minutes} minutes after the outcome "${outcome}"`, async () => {
      const window = new Window();
      pass(5.1);
      await window.ends(outcome);
      pass(minutes - 0.1);
      assert.deepEqual(window.said, ['start']);
      pass(0.2);
      assert.deepEqual(window.said, ['start', 'start']);
      window.learning.dispose();
    });

  it('ends when the user forbids it, and begins no more', async () => {
    const window = new Window();
    pass(6);
    window.mayLearn = false;
    window.learning.update();
    assert.deepEqual(window.said, ['start', 'end']);
    await window.ends('ended');
    pass(120);
    assert.deepEqual(window.said, ['start', 'end']);
    window.mayLearn = true;
    window.learning.update();
    assert.deepEqual(window.said, ['start', 'end', 'start']);
    window.learning.dispose();
  });

  it('ends with the window', () => {
    const { said, learning } = new Window();
    pass(6);
    learning.dispose();
    pass(60);
    assert.deepEqual(said, ['start', 'end']);
  });

  it('does not count the time in which the machine slept', () => {
    const { said, learning } = new Window({ minutesPerDay: 60 });
    pass(6);
    mock.timers.setTime(Date.now() + 5 * 60 * MINUTE);
    pass(30);
    assert.deepEqual(said, ['start']);
    learning.dispose();
  });
});
