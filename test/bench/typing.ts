/**
 * Replays a person's real editing at true speed and requests completions as VS Code does: 50 ms after each change, with
 * the previous request cancelled at the change. Measures the time until text comes, the number of requests to the
 * model, and how often a suggestion equals the next typed text.
 *
 *   npx tsx test/bench/typing.ts [--minutes 4] [--limit CHANGES] [--seed 1] [--data FILE | --package NAME] [--context
 *     TOKENS] [--settled] [--cache CHOICE] [--peer] [--stepwise] [--write]
 *
 * The recording's other documents are the workspace. Its part of a prompt is limited by the setting, to at most 16,384
 * tokens. With `--peer` the same run replays the same minutes again with llama.cpp, with the requests of its editors
 * (`typing/peer.ts`). Tokens are counts. Times are only comparable on an otherwise idle machine.
 *
 * With `--package` there is no recording: lines of a held-out package are typed again at their place
 * (`typing/trace.ts`), for languages without a recording.
 *
 * With `--settled` each burst begins when the workspace's whole part is read, as after minutes of looking at its
 * document. Chorus reads as much as it would read in pauses, llama.cpp a ring of as many tokens. The model accepts such
 * a context (`typing/longContextModel.ts`), and `--cache` chooses how Chorus holds it.
 *
 * With `--stepwise` each change waits for the answer to the previous one, as on a machine that is faster than the
 * typist. Then counts do not depend on other load, and times are meaningless.
 *
 * The replay consists of bursts of editing (no gap above ten seconds), drawn by the seed until they last long enough.
 */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { defaultModelPath } from '../../sidecar/shelf/defaultModel.ts';
import { CompletionService } from '../../sidecar/completion/completionService.ts';
import { detectFim } from '../../sidecar/completion/prompt/fim.ts';
import { languageIdOf } from '../../sidecar/syntax/languageIds.ts';
import { openBenchSession } from './benchSession.ts';
import { type Change, readRecording, type Recording, type Rest, typedAfter } from './recording.ts';
import { repositoryRoot, writeReport } from './report.ts';
import { shuffled } from './shuffled.ts';
import { type Burst, chooseBursts } from './typing/bursts.ts';
import { countingSession, processorSeconds } from './typing/countingSession.ts';
import { type Answer, describeOwn, describeRecorded, EDITOR_DELAY_MS } from './typing/figures.ts';
import { longContextModel } from './typing/longContextModel.ts';
import { Peer } from './typing/peer.ts';
import { type RecordedWorkspace, recordedWorkspace, uriOf } from './typing/recordedWorkspace.ts';
import { packageTrace } from './typing/trace.ts';

/** The places in a trace, more than are replayed. */
const PLACES_PER_MINUTE = 4;

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '4' },
    limit: { type: 'string' },
    seed: { type: 'string', default: '1' },
    data: { type: 'string' },
    package: { type: 'string' },
    context: { type: 'string', default: '16384' },
    settled: { type: 'boolean', default: false },
    cache: { type: 'string' },
    peer: { type: 'boolean', default: false },
    stepwise: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});

/**
 * The length of a context for the workspace, a document and an answer if everything is read before, relative to the
 * workspace's part.
 */
const SETTLED_SHARE = 2.25;
/** A fifth of all time in pauses is used for reading. This much time passes at once outside the measurement. */
const SETTLING_MS = 600_000;
/** After this time without reading ahead, everything is read. */
const SETTLED_MS = 10_000;

/** The maximum time that the cursor rested before a burst's first change. */
const BEFORE_BURST_MS = 5000;

/** Answers a request, possibly with no text. */
type Complete = (
  change: Change,
  signal: AbortSignal,
) => Promise<{ readonly text: string; readonly cached: boolean } | undefined>;
/** Handles a resting cursor. Resolves when all following work is done. */
type RestHere = (rest: Rest) => Promise<void>;
interface Asked {
  readonly complete: Complete;
  readonly restHere?: RestHere;
  /** Reads the beginning of a place's prompt, however long that takes. */
  readonly settle: (burst: Burst) => Promise<void>;
  readonly statistics: () => { readonly requests: number; readonly cancelled: number };
}

async function replay(
  complete: Complete,
  restHere: RestHere,
  { changes, rests }: Recording,
  burst: Burst,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const [begin, end] = [(changes[burst.first]?.timeMs ?? 0) - BEFORE_BURST_MS, changes[burst.last]?.timeMs ?? 0];
  const open = rests.filter(
    ({ timeMs }) => timeMs > Math.max(begin, changes[burst.first - 1]?.timeMs ?? -Infinity) && timeMs < end,
  );
  const restsBefore = (timeMs: number): Rest[] =>
    open.splice(0, open.findLastIndex((rest) => rest.timeMs <= timeMs) + 1);
  if (options.stepwise) {
    for (let index = burst.first; index <= burst.last; index++) {
      for (const rest of restsBefore(changes[index]?.timeMs ?? 0)) await restHere(rest);
      const answer = await ask(complete, changes[index] as Change, index, new AbortController().signal);
      if (answer !== undefined) answers.push(answer);
    }
    return answers;
  }
  const pending: Promise<void>[] = [];
  const startedAt = performance.now();
  const zero = Math.min(changes[burst.first]?.timeMs ?? 0, open[0]?.timeMs ?? Infinity);
  const until = (timeMs: number): Promise<void> => sleep(Math.max(0, timeMs - zero - (performance.now() - startedAt)));
  let cancel = new AbortController();
  for (let index = burst.first; index <= burst.last; index++) {
    const change = changes[index];
    if (change === undefined) break;
    for (const rest of restsBefore(change.timeMs)) {
      await until(rest.timeMs);
      pending.push(restHere(rest));
    }
    await until(change.timeMs);
    cancel.abort();
    cancel = new AbortController();
    pending.push(ask(complete, change, index, cancel.signal).then((answer) => void (answer && answers.push(answer))));
  }
  await Promise.race([Promise.all(pending), sleep(5000)]);
  cancel.abort();
  await Promise.all(pending);
  return answers;
}

async function ask(
  complete: Complete,
  change: Change,
  index: number,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  const startedAt = performance.now();
  await sleep(EDITOR_DELAY_MS);
  if (signal.aborted) return undefined;
  const answer = await complete(change, signal);
  if (signal.aborted || answer === undefined || answer.text === '') return undefined;
  return { change: index, latencyMs: performance.now() - startedAt, cached: answer.cached, text: answer.text };
}

const requestOf = ({ path: file, text, cursor }: Pick<Change, 'path' | 'text' | 'cursor'>) => ({
  uri: uriOf(file),
  languageId: languageIdOf(file),
  text,
  offset: cursor,
  explicit: false,
  clientKey: 'bench',
  settings: {},
});

const dataFile =
  options.data ??
  process.env['CHORUS_EDIT_RECORDING'] ??
  path.join(repositoryRoot, '../shared/data/edit-recordings/typescript-service-92-minutes.json.gz');
const recording =
  options.package === undefined
    ? await recorded()
    : await packageTrace(options.package, {
        places: Math.ceil(Number(options.minutes) * PLACES_PER_MINUTE),
        seed: Number(options.seed),
      });
const HOW = options.stepwise
  ? 'one change after the other, each after the answer to the previous one. So counts do not depend on other load, and times are meaningless'
  : `replayed at true speed. As in VS Code the previous request is cancelled at each change, and the next comes ${EDITOR_DELAY_MS} ms later unless there was another change. Chorus also learns where the cursor rests, as from its extension`;
const SETTLED = options.settled
  ? ` Each burst began when its document had been opened for a while. By then Chorus had read its whole part of the workspace, and llama.cpp a ring with as much of it as possible, at most ${options.context} tokens. Chorus held its part in \`${options.cache ?? 'full'}\`. This is no realistic use of the model or the machine: the model is SmolLM2 with stretched rotary positions, and its text there is worse.`
  : '';
const QUICK_PEER = ` llama.cpp's server can move the rows of the text behind the cursor (\`--cache-reuse\`) and not evaluate them again. The peer here can't, so a column without that text shows the least time that the server needs.`;
const bursts = chooseBursts(recording.changes, {
  wantedMs: Number(options.minutes) * 60_000,
  limit: options.limit === undefined ? Infinity : Number(options.limit),
  seed: Number(options.seed),
});
const changes = bursts.reduce((sum, burst) => sum + burst.last - burst.first + 1, 0);

async function recorded(): Promise<Recording> {
  return readRecording(dataFile).catch((error: unknown) => {
    throw new Error(
      `Expected a recording at ${dataFile}. It is a gzipped workspaceRecording@1.0 of microsoft/vscode-copilot-chat; name one by --data.`,
      { cause: error },
    );
  });
}

/** Returns the cursor's place in a burst's document before its first change. */
function placeBefore({ first }: Burst): Pick<Change, 'path' | 'text' | 'cursor'> {
  const { path: file, timeMs, text, edit } = recording.changes[first] as Change;
  const before = (each: Change | Rest): boolean => each.path === file && each.timeMs < timeMs;
  const [changed, rested] = [recording.changes.slice(0, first).findLast(before), recording.rests.findLast(before)];
  if (changed !== undefined || rested !== undefined)
    return (rested?.timeMs ?? -Infinity) > (changed?.timeMs ?? -Infinity) ? (rested as Rest) : (changed as Change);
  return { path: file, text: recording.documents.get(file) ?? text, cursor: edit[0]?.[0] ?? 0 };
}

/** Replays all bursts with an engine. `open` makes the answering functions from its session. */
async function measure(
  engine: 'auto' | 'llama',
  open: (session: ReturnType<typeof countingSession>['session'], workspace: RecordedWorkspace) => Asked,
): Promise<{ model: string; hasMarks: boolean; answers: Answer[]; rows: Record<string, string> }> {
  const contextSizeTokens = Math.ceil(Number(options.context) * SETTLED_SHARE);
  const settled = options.settled
    ? {
        modelPath: await longContextModel(await defaultModelPath(), contextSizeTokens),
        contextSizeTokens,
      }
    : {};
  const bench = await openBenchSession({
    engine,
    ...settled,
    ...(engine === 'auto' && options.cache !== undefined ? { cache: options.cache } : {}),
  });
  await using workspace = await recordedWorkspace(recording.documents);
  try {
    let seconds = 0;
    const { session, counts, isCounting } = countingSession(
      bench,
      options.verbose ? (line) => console.log(`${engine} ${line}`) : undefined,
    );
    const { complete, restHere = async () => undefined, settle, statistics } = open(session, workspace);
    const answers: Answer[] = [];
    let [requests, cancelled] = [0, 0];
    isCounting(false);
    for (const burst of bursts) {
      if (options.settled) await settle(burst);
      const before = statistics();
      const secondsBefore = await processorSeconds(bench.pid());
      isCounting(true);
      answers.push(...(await replay(complete, restHere, recording, burst)));
      isCounting(false);
      const after = statistics();
      seconds += ((await processorSeconds(bench.pid())) ?? NaN) - (secondsBefore ?? NaN);
      requests += after.requests - before.requests;
      cancelled += after.cancelled - before.cancelled;
    }
    const rows = describeOwn(recording, answers, {
      changes,
      requests,
      cancelled,
      engine: counts(),
      processorSeconds: Number.isNaN(seconds) ? undefined : seconds,
    });
    const hasMarks = (await detectFim(bench.engine, bench.loaded)) !== undefined;
    return { model: path.basename(bench.loaded.path), hasMarks, answers, rows };
  } finally {
    await bench.dispose();
  }
}

const chorus = await measure('auto', (session, workspace) => {
  let [skippedMs, isReading] = [0, false];
  const service = new CompletionService({
    session,
    now: () => performance.now() + skippedMs,
    onReadAhead: (reading) => (isReading = reading),
  });
  const requestIn = (place: Parameters<typeof requestOf>[0]) => ({
    ...requestOf(place),
    workspace: workspace.workspace,
    contextSettings: { maxTokens: Number(options.context) },
  });
  const complete: Complete = async (change, signal) => {
    workspace.changed(change.path, change.text, change.cursor);
    return (await service.complete(requestIn(change), signal))[0];
  };
  return {
    statistics: () => service.statistics(),
    restHere: (rest) => service.cursorRests(requestIn(rest)),
    complete,
    settle: async (burst) => {
      await service.cursorRests(requestIn(placeBefore(burst)));
      for (let quietMs = 0; quietMs < SETTLED_MS; quietMs += 100) {
        await sleep(100);
        if (isReading) [quietMs, skippedMs] = [0, skippedMs + SETTLING_MS];
      }
    },
  };
});
const { hasMarks } = chorus;
const peer = options.peer ? await measurePeer({ withoutSuffix: false }) : undefined;
/** The least time that the server needs if it moves the rows of the text behind the cursor. */
const quickPeer = options.peer && hasMarks ? await measurePeer({ withoutSuffix: true }) : undefined;

function measurePeer({ withoutSuffix }: { readonly withoutSuffix: boolean }): ReturnType<typeof measure> {
  return measure('llama', (session) => {
    const asking = new Peer(session, {
      ...(options.settled ? { settledTokens: Number(options.context) } : {}),
      withoutSuffix,
    });
    const statistics = { requests: 0, cancelled: 0 };
    return {
      statistics: () => ({ ...statistics }),
      complete: async (change, signal) => {
        statistics.requests++;
        const answer = await asking.complete(requestOf(change), signal);
        if (signal.aborted) statistics.cancelled++;
        return answer;
      },
      settle: async (burst) => {
        // The user was first in all documents, and then here. The order is the same before each burst, so that the
        // evaluated ring stays valid.
        const looked = shuffled([...recording.documents], Number(options.seed)).map(([file, text]) => ({
          path: file,
          text,
          cursor: Math.floor(text.length / 2),
        }));
        await asking.settle([...looked, placeBefore(burst)].map(requestOf));
      },
    };
  });
}
const inBursts = recording.fetches.filter(({ timeMs }) =>
  bursts.some(
    ({ first, last }) =>
      timeMs >= (recording.changes[first]?.timeMs ?? 0) - 100 &&
      timeMs <= (recording.changes[last]?.timeMs ?? 0) + 5000,
  ),
);
const copilot: readonly (readonly [title: string, rows: Record<string, string>])[] =
  recording.fetches.length === 0
    ? []
    : [
        ['Copilot, same minutes', describeRecorded(recording, inBursts, changes)],
        ['Copilot, whole session', describeRecorded(recording, recording.fetches, recording.changes.length)],
      ];
const columns = [
  ['Chorus', chorus.rows] as const,
  ...(peer ? [['llama.cpp and its editors’ requests', peer.rows] as const] : []),
  ...(quickPeer ? [['the same without the text behind the cursor', quickPeer.rows] as const] : []),
  ...copilot,
];
const minutes = (bursts.reduce((sum, { durationMs }) => sum + durationMs, 0) / 60_000).toFixed(1);
if (options.verbose) {
  for (const { change, text, latencyMs, cached } of chorus.answers) {
    const { text: document, cursor } = recording.changes[change] as Change;
    console.log(
      `${Math.round(latencyMs)} ms${cached ? ' cached' : ''} ${JSON.stringify(document.slice(Math.max(0, cursor - 40), cursor))} ‸ ${JSON.stringify(text)}  typed ${JSON.stringify(typedAfter(recording.changes, change, 30))}`,
    );
  }
}
const rows = Object.keys(chorus.rows).map(
  (key) => `| ${key} | ${columns.map(([, of]) => of[key] ?? '–').join(' | ')} |`,
);
const table = `| | ${columns.map(([title]) => title).join(' | ')} |\n|${'---|'.repeat(columns.length + 1)}\n${rows.join('\n')}`;
console.log(`${bursts.length} bursts, ${minutes} minutes\n${table}`);
if (options.write) {
  const what = options.package === undefined ? '' : `-${languageIdOf(recording.changes[0]?.path ?? '')}`;
  const flags = [
    `--minutes ${options.minutes}`,
    `--seed ${options.seed}`,
    ...(options.package === undefined ? [] : [`--package ${options.package}`]),
    ...(options.settled ? ['--settled', `--context ${options.context}`] : []),
    ...(options.cache === undefined ? [] : [`--cache ${options.cache}`]),
    ...(options.peer ? ['--peer'] : []),
    ...(options.stepwise ? ['--stepwise'] : []),
  ];
  const source =
    options.package === undefined
      ? `A person's real work on a TypeScript project: ${minutes} minutes in ${bursts.length} bursts drawn by seed ${options.seed}, ${HOW}. Copilot's figures are computed
from the log of the same session. The person saw Copilot's suggestions and often typed along with them, so agreement with the next typed text
favours Copilot. Text from an accepted suggestion does not count as typed.`
      : `Lines of the package ${options.package}, which is held out from training, typed again at their place: ${minutes} minutes at ${bursts.length} places drawn by seed ${options.seed}, at the pace of
practised typists (Dhakal et al., 2018), ${HOW}. This is no recording of a person. The model may have seen the package in its own first training, which affects both engines alike.`;
  await writeReport({
    name: `${options.stepwise ? 'typing-counts' : 'typing'}${options.settled ? '-settled' : ''}${what}`,
    title: options.stepwise ? 'Evaluated tokens while a person types' : 'Completion while a person types',
    model: chorus.model,
    figures: { minutes: Number(minutes), columns: Object.fromEntries(columns) },
    command: `npx tsx test/bench/typing.ts ${flags.join(' ')} --write`,
    body: `${source}${SETTLED}${quickPeer === undefined ? '' : QUICK_PEER}

${table}`,
  });
}
