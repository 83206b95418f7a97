import type { CompletionFeedback, CompletionStatistics } from '../protocol/client.ts';

const MAX_LATENCIES = 1000;

/** Counts of completions since the sidecar started. They never leave this machine and hold no code. */
export class StatisticsCounter {
  #requests = 0;
  #answered = 0;
  #cached = 0;
  #prepared = 0;
  #placesRead = 0;
  #cancelled = 0;
  #shown = 0;
  #accepted = 0;
  #acceptedPartly = 0;
  #acceptedCharacters = 0;
  readonly #latenciesMs: number[] = [];

  requested(): void {
    this.#requests++;
  }

  answered(latencyMs: number, cached: boolean): void {
    this.#answered++;
    if (cached) this.#cached++;
    this.#latenciesMs.push(latencyMs);
    if (this.#latenciesMs.length > MAX_LATENCIES) this.#latenciesMs.shift();
  }

  prepared(): void {
    this.#prepared++;
  }

  placeRead(): void {
    this.#placesRead++;
  }

  cancelled(): void {
    this.#cancelled++;
  }

  feedback(feedback: CompletionFeedback): void {
    switch (feedback.kind) {
      case 'shown':
        this.#shown++;
        break;
      case 'accepted':
        this.#accepted++;
        this.#acceptedCharacters += feedback.acceptedCharacters ?? 0;
        break;
      case 'acceptedPartly':
        this.#acceptedPartly++;
        this.#acceptedCharacters += feedback.acceptedCharacters ?? 0;
        break;
      case 'dismissed':
        break;
    }
  }

  /** Returns the counts. Latencies are of the last 1,000 answers, from the request's arrival to its answer. */
  read(): CompletionStatistics {
    const sorted = [...this.#latenciesMs].sort((one, other) => one - other);
    return {
      requests: this.#requests,
      answered: this.#answered,
      cached: this.#cached,
      prepared: this.#prepared,
      placesRead: this.#placesRead,
      cancelled: this.#cancelled,
      shown: this.#shown,
      accepted: this.#accepted,
      acceptedPartly: this.#acceptedPartly,
      acceptedCharacters: this.#acceptedCharacters,
      latencyP50Ms: percentile(sorted, 0.5),
      latencyP90Ms: percentile(sorted, 0.9),
    };
  }
}

/** Returns the nearest-rank percentile of sorted values, or `undefined` without values. */
export function percentile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}
