import { TIMESTAMP_SECONDS, type SpeechTokens } from './speechTokens.ts';

/** The first word must begin within this time of the window. */
const LATEST_BEGINNING_SECONDS = 1;

/**
 * Forbids tokens that can't follow `sampled`, the tokens of this window so far, by −∞ in `logits`.
 *
 * It forbids blanks at the beginning, non-speech tokens, and violations of the timestamp grammar (arXiv 2212.04356,
 * 4.5). Timestamps come in pairs around segments and never go back. A timestamp is due if all timestamps together are
 * likelier than any word.
 */
export function applyDecodingRules(logits: Float32Array, sampled: readonly number[], tokens: SpeechTokens): void {
  const { firstTimestamp, end } = tokens;
  const forbid = (from: number, to: number): void => void logits.fill(-Infinity, from, to);
  for (const token of tokens.suppressed) logits[token] = -Infinity;
  logits[tokens.noTimestamps] = -Infinity;
  if (sampled.length === 0) {
    for (const token of tokens.blank) logits[token] = -Infinity;
    forbid(0, firstTimestamp);
    forbid(firstTimestamp + Math.round(LATEST_BEGINNING_SECONDS / TIMESTAMP_SECONDS) + 1, logits.length);
    return;
  }
  const isTimestamp = (fromEnd: number): boolean => tokens.isTimestamp(sampled.at(-fromEnd) as number);
  const endsSegment = isTimestamp(1) && sampled.length >= 2 && !isTimestamp(2);
  if (isTimestamp(1)) {
    if (endsSegment) forbid(0, end);
    else forbid(firstTimestamp, logits.length);
  }
  const last = sampled.findLast((token) => tokens.isTimestamp(token));
  // A segment has some length, but the next segment may begin where it ends.
  if (last !== undefined) forbid(firstTimestamp, endsSegment ? last : last + 1);
  if (timestampIsDue(logits, firstTimestamp)) forbid(0, firstTimestamp);
}

function timestampIsDue(logits: Float32Array, firstTimestamp: number): boolean {
  let word = -Infinity;
  for (let token = 0; token < firstTimestamp; token++)
    if ((logits[token] as number) > word) word = logits[token] as number;
  let sum = 0;
  for (let token = firstTimestamp; token < logits.length; token++) sum += Math.exp((logits[token] as number) - word);
  return sum > 1;
}
