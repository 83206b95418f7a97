/** A task for an engine's process, a line of JSON. Counts are tokens. */
export type Command =
  /** Keeps only the first `from` tokens and evaluates the next `count`. */
  | { readonly do: 'fill'; readonly from: number; readonly count: number }
  | { readonly do: 'truncate'; readonly depth: number }
  /** Evaluates tokens together. */
  | { readonly do: 'prompt'; readonly count: number }
  /** Evaluates tokens one by one. */
  | { readonly do: 'decode'; readonly count: number }
  /** Evaluates the first tokens together and answers with `Logits`. */
  | { readonly do: 'logits'; readonly count: number };

/** The time that a command took. */
export interface Spent {
  readonly elapsedMs: number;
  /** The processor time of all threads together. */
  readonly processorMs: number;
}

/** The answer to a command, a line of JSON. */
export interface Answer extends Spent {
  /** The processor time that the process used since its last answer, when it had no task. */
  readonly waitingMs: number;
}

/** The logits of the last token. */
export interface Logits {
  readonly logits: readonly number[];
}

/** The first line of a process, when its model is loaded. */
export interface Ready {
  /** The libraries with the engine's products, by their names. */
  readonly libraries: readonly string[];
}

/** The last line of a process that can't go on. */
export interface Failure {
  readonly error: string;
}

/** The arguments of an engine's process, as JSON. */
export interface WorkerOptions {
  readonly engine: 'chorus' | 'libllama' | 'ik';
  readonly model: string;
  /** The file of low-rank experts. */
  readonly experts?: string | undefined;
  readonly threads: number;
  readonly contextTokens: number;
  /** Absent: as the engine chooses. */
  readonly flashAttention?: boolean;
  /** A folder with packages of ggml, which comes before the installed ones. */
  readonly packageRoot?: string | undefined;
}

/** The most tokens of an evaluation. */
export const CHUNK_TOKENS = 512;

/** Returns the tokens of every measurement. They are the same for all engines. */
export function benchTokens(count: number, vocabularySize: number): number[] {
  return Array.from({ length: count }, (_, index) => (index * 7_919 + 13) % vocabularySize);
}
