import type * as vscode from 'vscode';

const KEY = 'chorus.learning.spent';
const MINUTE_MS = 60_000;

interface Spent {
  readonly day: string;
  readonly ms: number;
}

/** The time that learning by itself may take each day, for all windows together. */
export class DailyBudget {
  constructor(
    private readonly memory: Pick<vscode.Memento, 'get' | 'update'>,
    private readonly minutesPerDay: () => number,
  ) {}

  /** The time that is left for today. */
  readonly leftMs = (): number => Math.max(0, this.minutesPerDay() * MINUTE_MS - this.#spentMs());

  readonly spend = (ms: number): void => {
    const spent: Spent = { day: today(), ms: this.#spentMs() + ms };
    void this.memory.update(KEY, spent);
  };

  #spentMs(): number {
    const spent = this.memory.get<Spent>(KEY);
    return spent?.day === today() ? spent.ms : 0;
  }
}

const today = (): string => new Date().toDateString();
