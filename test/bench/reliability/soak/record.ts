import { ResponseError } from 'vscode-jsonrpc/node';
import type { SoakFault } from '../outcomes.ts';
import { UnansweredError } from './client.ts';
import { Latencies } from './latencies.ts';

/** A record of the events of a run. */
export class SoakRecord {
  readonly startedMs = performance.now();
  readonly actions: Record<string, number> = {};
  readonly latencies: Record<string, Latencies> = {};
  readonly faults: SoakFault[] = [];
  readonly wrongAnswers: string[] = [];
  readonly unexpectedErrors: Record<string, number> = {};
  comparedAnswers = 0;
  unanswered = 0;
  orphans = 0;
  twoFronts = 0;
  unexpectedRestarts = 0;
  #disturbances = 0;
  #isDisturbed = false;

  get minute(): number {
    return (performance.now() - this.startedMs) / 60_000;
  }

  /** Whether there is a fault, or the sidecar has not recovered from it. */
  get isDisturbed(): boolean {
    return this.#isDisturbed;
  }

  disturbed(is: boolean): void {
    this.#isDisturbed = is;
    if (is) this.#disturbances++;
  }

  /**
   * Runs and times `work`. A failure counts as an error unless there was a fault meanwhile. Resolves with `undefined`
   * after a failure.
   */
  async time<Result>(action: string, work: () => Promise<Result>): Promise<Result | undefined> {
    const before = this.#disturbances;
    const wasDisturbed = this.#isDisturbed;
    const begun = performance.now();
    this.actions[action] = (this.actions[action] ?? 0) + 1;
    try {
      const result = await work();
      if (!wasDisturbed && before === this.#disturbances)
        (this.latencies[action] ??= new Latencies()).add(performance.now() - begun);
      return result;
    } catch (error) {
      if (!wasDisturbed && before === this.#disturbances) this.#failed(action, error);
      return undefined;
    }
  }

  wrong(text: string): void {
    this.wrongAnswers.push(text);
    console.error(`wrong answer: ${text}`);
  }

  #failed(action: string, error: unknown): void {
    if (error instanceof UnansweredError) this.unanswered++;
    const code = error instanceof ResponseError ? `${error.code} ` : '';
    const text = `${action}: ${code}${(error as Error).message.slice(0, 200)}`;
    this.unexpectedErrors[text] = (this.unexpectedErrors[text] ?? 0) + 1;
    console.error(`minute ${this.minute.toFixed(1)}: ${text}`);
  }
}
