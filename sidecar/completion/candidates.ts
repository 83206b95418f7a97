import type { SamplingParams } from '../protocol/engine.ts';

/** The number of completions for a request by command. */
export const EXPLICIT_CANDIDATES = 3;

/**
 * Returns how to sample a candidate. The first is the likeliest text. The others are sampled with fixed seeds, so a
 * repeated request gives the same texts.
 */
export function samplingOf(attempt: number): SamplingParams {
  if (attempt === 0) return { temperature: 0 };
  return { temperature: 0.4 + 0.2 * attempt, topP: 0.95, topK: 40, seed: attempt };
}

/** Adds a candidate unless it is there already, apart from white space. Returns whether it was new. */
export function addDistinct(candidates: string[], text: string): boolean {
  const key = text.replace(/\s+/g, '');
  if (candidates.some((other) => other.replace(/\s+/g, '') === key)) return false;
  candidates.push(text);
  return true;
}
