/**
 * Replays a person's real editing at true speed and asks for completions as VS Code does: 50 ms after each change, the request before cancelled
 * at the change. Measures how long text takes to come, how often the model is asked, and how often a suggestion says what was typed next.
 *
 *   npx tsx test/bench/typing.ts [--minutes 4] [--limit CHANGES] [--seed 1] [--data FILE] [--write]
 *
 * What is replayed: bursts of editing (no gap above ten seconds), drawn by the seed until they last as long as asked.
 */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Completion, CompletionService } from '../../sidecar/completion/completionService.ts';
import { percentile } from '../../sidecar/completion/statistics.ts';
import type { ModelSession } from '../../sidecar/engine/engine.ts';
import { openBenchSession } from './benchSession.ts';
import { type Change, readRecording, type Recording, type RecordedFetch, typedAfter } from './recording.ts';
import { repositoryRoot, writeReport } from './report.ts';
import { shuffled } from './shuffled.ts';

/** VS Code's own delay between a change and its request. */
const EDITOR_DELAY_MS = 50;
const MAX_GAP_MS = 10_000;
const MIN_CHANGES = 5;
const LOOK_AHEAD_UNITS = 60;
/** Answers this fast did not wait for a model. */
const CACHED_MS = 40;

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '4' },
    limit: { type: 'string' },
    seed: { type: 'string', default: '1' },
    data: { type: 'string' },
    write: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});

interface Burst {
  readonly first: number;
  readonly last: number;
  readonly durationMs: number;
}

interface Answer {
  readonly change: number;
  /** From the change; VS Code's delay included. */
  readonly latencyMs: number;
  readonly cached: boolean;
  readonly text: string;
}

interface Agreement {
  /** Suggestions after which fingers typed at least three characters. */
  followed: number;
  firstThree: number;
  firstTen: number;
  followedByTen: number;
}

function findBursts(changes: readonly Change[]): Burst[] {
  const bursts: Burst[] = [];
  let first = 0;
  for (let index = 1; index <= changes.length; index++) {
    const gap = (changes[index]?.timeMs ?? Infinity) - (changes[index - 1]?.timeMs ?? 0);
    if (gap <= MAX_GAP_MS) continue;
    const durationMs = (changes[index - 1]?.timeMs ?? 0) - (changes[first]?.timeMs ?? 0);
    if (index - first >= MIN_CHANGES) bursts.push({ first, last: index - 1, durationMs });
    first = index;
  }
  return bursts;
}

function chooseBursts(changes: readonly Change[]): Burst[] {
  const wantedMs = Number(options.minutes) * 60_000;
  const limit = options.limit === undefined ? Infinity : Number(options.limit);
  const chosen: Burst[] = [];
  let lasts = 0;
  let count = 0;
  for (const burst of shuffled(findBursts(changes), Number(options.seed))) {
    if (lasts >= wantedMs || count >= limit) break;
    if (lasts > 0 && lasts + burst.durationMs > wantedMs * 1.25) continue;
    chosen.push(burst);
    lasts += burst.durationMs;
    count += burst.last - burst.first + 1;
  }
  return chosen.sort((one, other) => one.first - other.first);
}

/** Counts what reaches the engine. */
function counting(session: ModelSession): { session: ModelSession; engineRequests: () => number } {
  let count = 0;
  const engine = new Proxy(session.engine, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      if (property === 'generate') count++;
      return (value as (...parameters: unknown[]) => unknown).bind(target);
    },
  });
  return { session: { engine, model: () => session.model() }, engineRequests: () => count };
}

async function replay(service: CompletionService, changes: readonly Change[], burst: Burst): Promise<Answer[]> {
  const answers: Answer[] = [];
  const pending: Promise<void>[] = [];
  const startedAt = performance.now();
  const zero = changes[burst.first]?.timeMs ?? 0;
  let cancel = new AbortController();
  for (let index = burst.first; index <= burst.last; index++) {
    const change = changes[index];
    if (change === undefined) break;
    await sleep(Math.max(0, change.timeMs - zero - (performance.now() - startedAt)));
    cancel.abort();
    cancel = new AbortController();
    pending.push(ask(service, change, index, cancel.signal).then((answer) => void (answer && answers.push(answer))));
  }
  await Promise.race([Promise.all(pending), sleep(5000)]);
  cancel.abort();
  await Promise.all(pending);
  return answers;
}

async function ask(service: CompletionService, change: Change, index: number, signal: AbortSignal): Promise<Answer | undefined> {
  const startedAt = performance.now();
  await sleep(EDITOR_DELAY_MS);
  if (signal.aborted) return undefined;
  const request = {
    uri: `file:///workspace/${change.path}`, languageId: languageOf(change.path), text: change.text, offset: change.cursor,
    explicit: false, clientKey: 'bench', settings: {},
  };
  const [completion]: (Completion | undefined)[] = await service.complete(request, signal);
  if (signal.aborted || completion === undefined) return undefined;
  return { change: index, latencyMs: performance.now() - startedAt, cached: completion.cached, text: completion.text };
}

function languageOf(file: string): string {
  const ids: Record<string, string> = { '.ts': 'typescript', '.tsx': 'typescriptreact', '.js': 'javascript', '.json': 'json', '.md': 'markdown', '.yml': 'yaml', '.yaml': 'yaml' };
  return ids[path.extname(file)] ?? 'plaintext';
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

/** The recorded provider's suggestions as text at the cursor, where its range begins before the cursor with what stands there. */
function recordedSuggestions(recording: Recording, fetches: readonly RecordedFetch[]): { change: number; text: string }[] {
  const byVersion = new Map(recording.changes.map((change, index) => [`${change.documentId} ${change.version}`, index]));
  return fetches.flatMap(({ documentId, version, suggestions: [first] }) => {
    const index = byVersion.get(`${documentId} ${version}`);
    const change = index === undefined ? undefined : recording.changes[index];
    if (first === undefined || index === undefined || change === undefined) return [];
    const before = change.text.slice(0, change.cursor).split(/\r?\n/);
    const standing = before.slice(first.line - 1).join('\n').slice(first.column - 1);
    const text = first.text.replaceAll('\r\n', '\n');
    return text.startsWith(standing) ? [{ change: index, text: text.slice(standing.length) }] : [];
  });
}

const share = (count: number, of: number): string => (of === 0 ? 'none' : `${((100 * count) / of).toFixed(1)} %`);
const milliseconds = (values: readonly number[], which: number): string => {
  const value = percentile([...values].sort((one, other) => one - other), which);
  return value === undefined ? '–' : `${Math.round(value)} ms`;
};

function describeRecorded(recording: Recording, fetches: readonly RecordedFetch[], changes: number): Record<string, string> {
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

function describeOwn(recording: Recording, answers: readonly Answer[], counts: { changes: number; requests: number; cancelled: number; engineRequests: number }): Record<string, string> {
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
    'requests to the model per change': (counts.engineRequests / Math.max(1, counts.changes)).toFixed(2),
  };
}

const dataFile = options.data ?? process.env['CHORUS_EDIT_RECORDING'] ?? path.join(repositoryRoot, '../shared/data/edit-recordings/typescript-service-92-minutes.json.gz');
const recording = await readRecording(dataFile).catch((error: unknown) => {
  throw new Error(`Expected a recording at ${dataFile}. It is a gzipped workspaceRecording@1.0 of microsoft/vscode-copilot-chat; name one by --data.`, { cause: error });
});
const bursts = chooseBursts(recording.changes);
const bench = await openBenchSession();
try {
  const { session, engineRequests } = counting(bench);
  const service = new CompletionService({ session });
  const answers: Answer[] = [];
  for (const burst of bursts) answers.push(...(await replay(service, recording.changes, burst)));
  const changes = bursts.reduce((sum, burst) => sum + burst.last - burst.first + 1, 0);
  const inBursts = recording.fetches.filter(({ timeMs }) => bursts.some(({ first, last }) => timeMs >= (recording.changes[first]?.timeMs ?? 0) - 100 && timeMs <= (recording.changes[last]?.timeMs ?? 0) + 5000));
  const own = describeOwn(recording, answers, { changes, requests: service.statistics().requests, cancelled: service.statistics().cancelled, engineRequests: engineRequests() });
  const theirs = describeRecorded(recording, inBursts, changes);
  const theirsAll = describeRecorded(recording, recording.fetches, recording.changes.length);
  const minutes = (bursts.reduce((sum, { durationMs }) => sum + durationMs, 0) / 60_000).toFixed(1);
  if (options.verbose) {
    for (const { change, text, latencyMs, cached } of answers) {
      const { text: document, cursor } = recording.changes[change] as Change;
      console.log(`${Math.round(latencyMs)} ms${cached ? ' cached' : ''} ${JSON.stringify(document.slice(Math.max(0, cursor - 40), cursor))} ‸ ${JSON.stringify(text)}  typed ${JSON.stringify(typedAfter(recording.changes, change, 30))}`);
    }
  }
  const rows = Object.keys(own).map((key) => `| ${key} | ${own[key]} | ${theirs[key] ?? '–'} | ${theirsAll[key] ?? '–'} |`);
  const table = `| | Chorus | Copilot, same minutes | Copilot, whole session |\n|---|---|---|---|\n${rows.join('\n')}`;
  console.log(`${bursts.length} bursts, ${minutes} minutes\n${table}`);
  if (options.write) {
    await writeReport({
      name: 'typing',
      title: 'Completion while a person types',
      model: bench.loaded.name,
      figures: { minutes: Number(minutes), chorus: own, copilotSameMinutes: theirs, copilotWholeSession: theirsAll },
      command: `npx tsx test/bench/typing.ts --minutes ${options.minutes} --seed ${options.seed} --write`,
      body: `A person's real work on a TypeScript project, ${minutes} minutes of it in ${bursts.length} bursts drawn by seed ${options.seed}, replayed at true speed. As in VS Code the
request before is cancelled at each change, and the next comes ${EDITOR_DELAY_MS} ms later unless there was another change. Copilot's figures are computed
from the log of that very session. The person saw Copilot's suggestions and often typed along with them, so agreement with what was typed
next favours Copilot; text that came from an accepted suggestion is not counted as typed.

${table}`,
    });
  }
} finally {
  await bench.dispose();
}
