import { percentile } from '../../../sidecar/completion/statistics.ts';
import { type Change, type RecordedFetch, type Recording, typedAfter } from '../recording.ts';
import type { EngineCounts } from './countingSession.ts';

/** VS Code's own delay between a change and its request. */
export const EDITOR_DELAY_MS = 50;
const LOOK_AHEAD_UNITS = 60;
/** A faster answer came from a cache instead of the model. */
const CACHED_MS = 40;

/** A suggestion for the place after a change. */
export interface Answer {
  readonly change: number;
  /** The time since the change, including VS Code's delay. */
  readonly latencyMs: number;
  readonly cached: boolean;
  readonly text: string;
}

interface Agreement {
  /** Suggestions after which the user typed at least three characters. */
  followed: number;
  firstThree: number;
  firstTen: number;
  followedByTen: number;
}

function agreementOf(changes: readonly Change[], suggestions: readonly { change: number; text: string }[]): Agreement {
  const agreement: Agreement = { followed: 0, firstThree: 0, firstTen: 0, followedByTen: 0 };
  for (const { change, text } of suggestions) {
    const typed = typedAfter(changes, change, LOOK_AHEAD_UNITS);
    if (typed.length < 3) continue;
    agreement.followed++;
    if (text.startsWith(typed.slice(0, 3))) agreement.firstThree++;
    if (typed.length < 10) continue;
    agreement.followedByTen++;
    if (text.startsWith(typed.slice(0, 10))) agreement.firstTen++;
  }
  return agreement;
}

/**
 * Returns the recorded provider's suggestions as text at the cursor, if the range before the cursor equals the existing
 * text.
 */
function recordedSuggestions(
  recording: Recording,
  fetches: readonly RecordedFetch[],
): { change: number; text: string }[] {
  const byVersion = new Map(
    recording.changes.map((change, index) => [`${change.documentId} ${change.version}`, index]),
  );
  return fetches.flatMap(({ documentId, version, suggestions: [first] }) => {
    const index = byVersion.get(`${documentId} ${version}`);
    const change = index === undefined ? undefined : recording.changes[index];
    if (first === undefined || index === undefined || change === undefined) return [];
    const before = change.text.slice(0, change.cursor).split(/\r?\n/);
    const standing = before
      .slice(first.line - 1)
      .join('\n')
      .slice(first.column - 1);
    const text = first.text.replaceAll('\r\n', '\n');
    return text.startsWith(standing) ? [{ change: index, text: text.slice(standing.length) }] : [];
  });
}

const share = (count: number, of: number): string => (of === 0 ? 'none' : `${((100 * count) / of).toFixed(1)} %`);
const milliseconds = (values: readonly number[], which: number): string => {
  const value = percentile(
    [...values].sort((one, other) => one - other),
    which,
  );
  return value === undefined ? '–' : `${Math.round(value)} ms`;
};

/** Returns the figures of the recorded session's own provider, row by row. */
export function describeRecorded(
  recording: Recording,
  fetches: readonly RecordedFetch[],
  changes: number,
): Record<string, string> {
  const answered = fetches.filter(({ suggestions, cancelled }) => suggestions.length > 0 && !cancelled);
  const cancelled = fetches.filter((fetch) => fetch.cancelled).length;
  const fast = answered.filter(({ durationMs }) => durationMs <= CACHED_MS).map(({ durationMs }) => durationMs);
  const slow = answered.filter(({ durationMs }) => durationMs > CACHED_MS).map(({ durationMs }) => durationMs);
  const agreement = agreementOf(recording.changes, recordedSuggestions(recording, answered));
  return {
    changes: String(changes),
    requests: String(fetches.length),
    'cancelled by the next change': `${cancelled} (${share(cancelled, fetches.length)})`,
    'requests with a suggestion': `${answered.length} (${share(answered.length, fetches.length)})`,
    'of them from the cache': `${fast.length} (${share(fast.length, answered.length)})`,
    'request to text, cached, p50 / p90': `${milliseconds(fast, 0.5)} / ${milliseconds(fast, 0.9)}`,
    'request to text, not cached, p50 / p90': `${milliseconds(slow, 0.5)} / ${milliseconds(slow, 0.9)}`,
    'agrees with the next 3 characters typed': `${share(agreement.firstThree, agreement.followed)} of ${agreement.followed}`,
    'agrees with the next 10': `${share(agreement.firstTen, agreement.followedByTen)} of ${agreement.followedByTen}`,
  };
}

/** Formats tokens per request that the user waited for. */
const perRequest = (tokens: number, { waitedRequests }: EngineCounts): string =>
  (tokens / Math.max(1, waitedRequests)).toFixed(1);

/** Returns our figures in the same rows, and further ones. */
export function describeOwn(
  recording: Recording,
  answers: readonly Answer[],
  counts: {
    changes: number;
    requests: number;
    cancelled: number;
    engine: EngineCounts;
    processorSeconds: number | undefined;
  },
): Record<string, string> {
  const cached = answers.filter((answer) => answer.cached).map(({ latencyMs }) => latencyMs - EDITOR_DELAY_MS);
  const fresh = answers.filter((answer) => !answer.cached).map(({ latencyMs }) => latencyMs - EDITOR_DELAY_MS);
  const all = answers.map(({ latencyMs }) => latencyMs);
  const agreement = agreementOf(recording.changes, answers);
  return {
    changes: String(counts.changes),
    requests: String(counts.requests),
    'cancelled by the next change': `${counts.cancelled} (${share(counts.cancelled, counts.requests)})`,
    'requests with a suggestion': `${answers.length} (${share(answers.length, counts.requests)})`,
    'of them from the cache': `${cached.length} (${share(cached.length, answers.length)})`,
    'request to text, cached, p50 / p90': `${milliseconds(cached, 0.5)} / ${milliseconds(cached, 0.9)}`,
    'request to text, not cached, p50 / p90': `${milliseconds(fresh, 0.5)} / ${milliseconds(fresh, 0.9)}`,
    'agrees with the next 3 characters typed': `${share(agreement.firstThree, agreement.followed)} of ${agreement.followed}`,
    'agrees with the next 10': `${share(agreement.firstTen, agreement.followedByTen)} of ${agreement.followedByTen}`,
    'keystroke to text (with the editor’s 50 ms), p50 / p90': `${milliseconds(all, 0.5)} / ${milliseconds(all, 0.9)}`,
    'requests to the model per change': (counts.engine.requests / Math.max(1, counts.changes)).toFixed(2),
    'prompt tokens per request': perRequest(counts.engine.promptTokens, counts.engine),
    'of them new since the previous requests': perRequest(counts.engine.newTokens, counts.engine),
    'of them evaluated while the user waits': perRequest(counts.engine.evaluatedTokens, counts.engine),
    'prompt tokens evaluated per change, waiting / ahead': `${(counts.engine.evaluatedTokens / Math.max(1, counts.changes)).toFixed(1)} / ${(counts.engine.aheadTokens / Math.max(1, counts.changes)).toFixed(1)}`,
    'processor seconds of the engine': counts.processorSeconds === undefined ? '–' : counts.processorSeconds.toFixed(0),
  };
}
