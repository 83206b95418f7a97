import type { Memory } from './rows.ts';

/** The arguments of a process with one engine, as JSON. */
export interface AloneOptions {
  readonly model: string;
  /** The file of low-rank experts. */
  readonly experts?: string | undefined;
  readonly threads: number;
  readonly contextTokens: number;
  /** A folder with packages of ggml, which comes before the installed ones. */
  readonly packageRoot?: string | undefined;
  /** Fills the context after the first token, for the memory. */
  readonly isFilled?: boolean;
}

export interface AloneResult extends Memory {
  /** From the start of the process. */
  readonly firstTokenMs: number;
}

/** The tokens of the prompt before the first token. */
export const FIRST_PROMPT_TOKENS = 32;
