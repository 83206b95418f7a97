import type { DecodedWindow } from './decodeWindow.ts';
import type { SpeechTokens } from './speechTokens.ts';

/** A segment of a window, in seconds from the window's beginning. */
export interface WindowSegment {
  readonly start: number;
  readonly end: number;
  readonly tokens: readonly number[];
}

/** The least step from a window to the next. */
const LEAST_STEP_SECONDS = 1;

/**
 * Divides a decoded window into segments, and returns where the next window begins. That is behind the last segment
 * that ended inside this window, since later text was cut off (openai/whisper, transcribe.py).
 */
export function joinWindow(
  { tokens: decoded }: Pick<DecodedWindow, 'tokens'>,
  tokens: SpeechTokens,
  windowSeconds: number,
): { readonly segments: readonly WindowSegment[]; readonly nextSeconds: number } {
  const isTimestamp = (index: number): boolean =>
    index >= 0 && index < decoded.length && tokens.isTimestamp(decoded[index] as number);
  // Two timestamps mark where a segment ends and the next begins.
  const cuts = decoded.flatMap((_, index) => (isTimestamp(index) && isTimestamp(index - 1) ? [index] : []));
  const endsWithOne = isTimestamp(decoded.length - 1) && !isTimestamp(decoded.length - 2);
  if (cuts.length === 0) {
    const last = decoded.findLast((token) => tokens.isTimestamp(token) && token !== tokens.firstTimestamp);
    return {
      segments: [{ start: 0, end: last === undefined ? windowSeconds : tokens.seconds(last), tokens: decoded }],
      nextSeconds: windowSeconds,
    };
  }
  const ends = endsWithOne ? [...cuts, decoded.length] : cuts;
  const segments = ends.map((end, index) => {
    const slice = decoded.slice(index === 0 ? 0 : ends[index - 1], end);
    return { start: tokens.seconds(slice[0] as number), end: tokens.seconds(slice.at(-1) as number), tokens: slice };
  });
  const nextSeconds = endsWithOne ? windowSeconds : tokens.seconds(decoded[(ends.at(-1) as number) - 1]!);
  return { segments, nextSeconds: Math.max(LEAST_STEP_SECONDS, nextSeconds) };
}
