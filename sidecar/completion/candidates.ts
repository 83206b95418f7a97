import type { SamplingParams } from '../protocol/engine.ts';

/** Completions offered when the user asks by command. */
export const EXPLICIT_CANDIDATES = 3;

/**
 * The first is the likeliest; the others are sampled, each with its own fixed seed so that asking again gives the same.
 */
export function samplingOf(attempt: number): SamplingParams {
  if (attempt === 0) return { temperature: 0 };
  return { temperature: 0.4 + 0.2 * attempt, topP: 0.95, topK: 40, seed: attempt };
}

/** Adds a candidate unless it is there already, white space aside. Says whether it was new. */
export function addDistinct(candidates: string[], text: string): boolean {
  const key = text.replace(/\s+/g, '');
  if (candidates.some((other) => other.replace(/\s+/g, '') === key)) return false;
  candidates.push(text);
  return true;
}
