/**
 * Runs four users of one sidecar for hours, with a fault every ten minutes. Measures memory, descriptors, answers, and
 * leftovers.
 *
 *   npx tsx test/bench/reliability/soak.ts --hours 1.6 [--outcomes FILE] [--dist FOLDER] [--model FILE|tiny] [--share
 *     0.15] [--fault-minutes 10] [--seed 1] [--spare-front]
 *
 * A share of 1 is a run without pauses. With `--spare-front` no fault kills the front, so that its memory is followed
 * over the whole run. Every few minutes the outcome is added to `docs/results/reliability.json`, or
 * to FILE. `npx tsx test/bench/reliability.ts` makes the page from it.
 */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { fetchModel } from '../../../.scripts/fetchModel.ts';
import { stopRunning } from '../../../sidecar/client/makeWay.ts';
import { originOfRun } from '../report.ts';
import { Random } from './fuzz/random.ts';
import { addSoak, type SoakOutcome } from './outcomes.ts';
import { SoakClient, type SoakClientOptions } from './soak/client.ts';
import { FaultDeck } from './soak/faults.ts';
import { Monitor } from './soak/monitor.ts';
import { Pace } from './soak/pace.ts';
import { Probes } from './soak/probes.ts';
import { SoakRecord } from './soak/record.ts';
import { makeWorkplace } from './soak/setUp.ts';
import { writeSoakModel } from './soak/tinyModel.ts';
import { SoakUser } from './soak/user.ts';
import { sourceTexts, workspaceOf } from './soak/workspace.ts';

const { values: options } = parseArgs({
  options: {
    hours: { type: 'string', default: '1' },
    'fault-minutes': { type: 'string', default: '10' },
    outcomes: { type: 'string' },
    dist: { type: 'string' },
    model: { type: 'string' },
    share: { type: 'string', default: '0.15' },
    seed: { type: 'string', default: '1' },
    'spare-front': { type: 'boolean', default: false },
  },
});
const NAMES = ['Ada', 'Grace', 'Edsger', 'Barbara'];
const SAVE_MS = 5 * 60_000;
/** The time limit for a right answer after a fault. */
const RECOVERY_LIMIT_MS = 300_000;
/** The time limit for processes after the sidecar was stopped. Later ones count as leftovers. */
const LEAVE_LIMIT_MS = 60_000;
/** The time after a fault in which requests may still fail. */
const SETTLE_MS = 20_000;

const hours = Number(options.hours);
const random = new Random(Number(options.seed));
const origin = await originOfRun();
await using workplace = await makeWorkplace(options.dist);
const modelPath =
  options.model === 'tiny'
    ? await writeSoakModel(workplace.folder)
    : path.resolve(options.model ?? (await fetchModel()));
const sources = await sourceTexts();
const settings = {
  modelPath,
  threads: 1,
  contextSizeTokens: 4096,
  completion: { maxTokens: 24 },
  chat: { maxTokens: 32, temperature: 0.2 },
  context: { maxTokens: 256, readAhead: true },
  contexts: { keepOnDisk: true, maxGigabytes: 0.2 },
};
const openOptions = (name: string): SoakClientOptions => ({
  launch: workplace.launch,
  settings,
  workspaceKey: name,
  files: workspaceOf(name, sources),
});

const end = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end.abort());
const record = new SoakRecord();
const monitor = new Monitor(workplace.folder, record);
const pace = new Pace(Number(options.share), end.signal);
const probes = new Probes();
const users = NAMES.map(
  (name) =>
    new SoakUser({
      name,
      others: NAMES.filter((other) => other !== name),
      open: openOptions(name),
      random,
      record,
      pace,
      probes,
    }),
);
const faults = new FaultDeck({
  random,
  monitor,
  users,
  open: openOptions('Mallory'),
  home: workplace.home,
  hasOwnDisk: workplace.hasOwnDisk,
  sparesFront: options['spare-front'],
});
const id = `${origin.date} ${new Date().toISOString().slice(11, 19)} ${process.pid}`;
console.log(`soak ${id}: ${hours} h in ${workplace.folder}, commit ${origin.commit}`);

// Gets the first answers, with which later ones are compared. No other user asks yet, and a busy machine needs time.
while (!end.signal.aborted && (await recover()) === null);

const work = [...users.map((user) => user.work()), monitor.watch(end.signal), keepPace(), saveNow(), makeFaults()];
await sleep(hours * 3_600_000, undefined, { signal: end.signal }).catch(() => undefined);
end.abort();
await Promise.all(work);
await stopRunning(workplace.home);
for (const begun = performance.now(); monitor.processes.length > 0 && performance.now() - begun < LEAVE_LIMIT_MS;)
  await sleep(250);
for (const left of monitor.processes) {
  record.orphans++;
  process.kill(left.pid, 'SIGKILL');
}
await save();
console.log(
  `soak ${id} ended: ${record.faults.length} faults, ${record.wrongAnswers.length} wrong answers, ${record.orphans} orphans, errors ${JSON.stringify(record.unexpectedErrors)}`,
);

async function makeFaults(): Promise<void> {
  for (;;) {
    await sleep(Number(options['fault-minutes']) * 60_000, undefined, { signal: end.signal }).catch(() => undefined);
    if (end.signal.aborted) return;
    const kind = faults.next();
    const minute = Math.round(record.minute * 10) / 10;
    record.disturbed(true);
    console.log(`minute ${minute}: ${kind}`);
    const hasHappened = await faults.happen(kind).then(
      () => true,
      (error: unknown) => {
        console.error(`minute ${minute}: ${kind} did not happen: ${(error as Error).message.slice(0, 200)}`);
        return false;
      },
    );
    const recoveredMs = await recover();
    if (recoveredMs === null && end.signal.aborted) return;
    console.log(`minute ${minute}: ${kind}, a right answer after ${recoveredMs ?? 'more than the limit'} ms`);
    if (hasHappened) record.faults.push({ kind, minute, recoveredMs });
    await sleep(SETTLE_MS);
    record.disturbed(false);
  }
}

/** Resolves when the sidecar gives a right answer. */
async function recover(): Promise<number | null> {
  const begun = performance.now();
  while (performance.now() - begun < RECOVERY_LIMIT_MS && !end.signal.aborted) {
    try {
      const client = await SoakClient.open(openOptions('observer'));
      const wrong = await probes.ask(client).finally(() => client.drop());
      record.comparedAnswers++;
      if (wrong === undefined) return Math.round(performance.now() - begun);
      record.wrong(`after a fault, ${wrong}`);
    } catch (error) {
      console.error(`minute ${record.minute.toFixed(1)}: not recovered: ${(error as Error).message.slice(0, 200)}`);
    }
    await sleep(250);
  }
  return null;
}

async function keepPace(): Promise<void> {
  let before = monitor.processorSeconds;
  for (let last = performance.now(); !end.signal.aborted; last = performance.now()) {
    await sleep(60_000, undefined, { signal: end.signal }).catch(() => undefined);
    const now = monitor.processorSeconds;
    pace.measured(((now - before) * 1_000) / (performance.now() - last));
    before = now;
  }
}

async function saveNow(): Promise<void> {
  while (!end.signal.aborted) {
    await sleep(SAVE_MS, undefined, { signal: end.signal }).catch(() => undefined);
    // The next save has all that this one has.
    await save().catch((error: unknown) => console.error('The outcome was not saved:', error));
  }
}

async function save(): Promise<void> {
  const outcome: SoakOutcome = {
    ...origin,
    id,
    command: commandOfRun(),
    model: path.basename(modelPath),
    hours: Math.round((record.minute / 60) * 1_000) / 1_000,
    clients: users.length,
    actions: record.actions,
    latencies: Object.fromEntries(
      Object.entries(record.latencies).map(([action, latencies]) => [action, latencies.buckets]),
    ),
    faults: record.faults,
    restarts: {
      front: Math.max(0, monitor.fronts.length - 1),
      engine: Math.max(0, monitor.engines.length - 1),
      unexpected: record.unexpectedRestarts,
    },
    orphans: record.orphans,
    twoFronts: record.twoFronts,
    wrongAnswers: record.wrongAnswers.slice(0, 20),
    comparedAnswers: record.comparedAnswers,
    unanswered: record.unanswered,
    unexpectedErrors: record.unexpectedErrors,
    frontLives: monitor.fronts,
    engineLives: monitor.engines,
    descriptors: monitor.descriptors,
    processorShare: Math.round((monitor.processorSeconds / (record.minute * 60)) * 1_000) / 1_000,
  };
  await addSoak(outcome, options.outcomes);
}

function commandOfRun(): string {
  return [
    `npx tsx test/bench/reliability/soak.ts --hours ${options.hours} --seed ${options.seed}`,
    ...(options.model === 'tiny' ? ['--model tiny'] : []),
    ...(Number(options.share) < 1 ? [] : [`--share ${options.share}`]),
    ...(options['spare-front'] ? ['--spare-front'] : []),
  ].join(' ');
}
