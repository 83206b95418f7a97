import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stopRunning } from '../../../../sidecar/client/makeWay.ts';
import type { Cell, Fault } from './cells.ts';
import { clientUnder, hasHappened, inject, isAtMoment, isAttached, isKeeping, mend, sceneOptions } from './inject.ts';
import { Scene, writeClock, type SceneClient, type Stage } from './scene.ts';

/** From the call to the answer of `initialize`. */
const NEXT_START_LIMIT_MS = 10_000;
const ANSWER_LIMIT_MS = 180_000;
const MOMENT_LIMIT_MS = 60_000;
/** Until an engine whose front has died is gone. */
const LEAVE_LIMIT_MS = 15_000;
/** Until strace is attached to a process. */
const ATTACH_LIMIT_MS = 20_000;
/** Until a stopped sidecar is gone. It first writes pending contexts. */
const STOP_LIMIT_MS = 60_000;

/** Words in messages that name the cause. */
const CAUSES: Readonly<Record<Fault['kind'], RegExp>> = {
  kill: /closed|ended|killed|SIGKILL|unexpectedly/i,
  stop: /answer|respond|stands? still|stopped|closed|ended|was not ready after/i,
  'full disk': /ENOSPC|full|space|are free/i,
  'I/O error': /EIO|i\/o error/i,
  'memory limit': /memory|heap|alloc|SIGABRT|SIGKILL|SIGSEGV|SIGTRAP|exit code/i,
  clock: /^nothing may fail$/,
};

type Outcome = Awaited<ReturnType<SceneClient['outcome']>>;

/** Returns the small model's answers without a fault. */
export async function undisturbedAnswers(stage: Stage): Promise<readonly string[]> {
  await using scene = await Scene.open(stage);
  const answers = await answersIn(scene);
  await stopRunning(scene.home);
  return answers;
}

/** Causes one fault at one step and returns the violated conditions. */
export async function tryCell(stage: Stage, { step, fault }: Cell, expected: readonly string[]): Promise<string[]> {
  const clockFile = path.join(stage.folder, `clock-${Math.random().toString(36).slice(2)}`);
  await writeClock(clockFile, 0);
  await using scene = await Scene.open(stage, sceneOptions(fault, clockFile));
  const failures: string[] = [];
  if (fault.kind === 'full disk' && step === 'start') await inject(step, fault, scene, undefined, clockFile);
  const client = scene.client(step === 'publish' ? 'start' : step, { under: clientUnder(step, fault, scene) });
  const isThere = await until(
    async () => client.isOver || (await isAtMoment(step, fault, scene, client)),
    MOMENT_LIMIT_MS,
  );
  if (!isThere) failures.push(`the step did not begin within ${MOMENT_LIMIT_MS / 1000} s`);
  failures.push(...(await disturb(scene, { step, fault }, client, clockFile)));
  const outcome = await client.outcome(ANSWER_LIMIT_MS);
  // A sidecar that runs out of memory can only write its log.
  const isTold = fault.kind === 'memory limit' && !(await logFailures(scene, fault)).length;
  if (!isTold) failures.push(...causeFailures(fault, outcome, 'the client'));
  // On a full disk a tenth of the free space is nothing, so no write is tried.
  if (step === 'keep' && fault.kind === 'I/O error') failures.push(...(await logFailures(scene, fault)));
  if (!(await hasHappened(fault, scene))) failures.push('the fault did not happen');
  client.end();
  await mend(fault, scene);
  failures.push(...(await nextStartFailures(scene, expected)));
  return failures;
}

/** Causes the fault while the client waits before its step, is in the middle of it, or waits after it. */
async function disturb(
  scene: Scene,
  { step, fault }: Pick<Cell, 'step' | 'fault'>,
  client: SceneClient,
  clockFile: string,
): Promise<string[]> {
  const isBefore =
    fault.kind === 'full disk' ||
    fault.kind === 'I/O error' ||
    (fault.kind === 'memory limit' && step !== 'load') ||
    ('role' in fault && fault.role === 'client');
  if (!isBefore) {
    client.goOn();
    if (step === 'keep') await until(() => isKeeping(scene), 3_000);
  }
  const over =
    fault.kind === 'full disk' && step === 'start' ? Promise.resolve() : inject(step, fault, scene, client, clockFile);
  if (fault.kind === 'I/O error') await until(() => isAttached(step, scene), ATTACH_LIMIT_MS);
  else if (isBefore && fault.kind !== 'stop') await over;
  if (isBefore) client.goOn();
  // A second client meanwhile must not start a second sidecar.
  const second = fault.kind === 'stop' && fault.role === 'front' ? scene.client('start') : undefined;
  await over;
  return second ? causeFailures(fault, await second.outcome(ANSWER_LIMIT_MS), 'a second client') : [];
}

function causeFailures(fault: Fault, outcome: Outcome, who: string): string[] {
  if (outcome === 'late') return [`${who} had no outcome after ${ANSWER_LIMIT_MS / 1000} s`];
  if (outcome === 'killed')
    return fault.kind === 'kill' && fault.role === 'client' ? [] : [`${who} ended without an outcome`];
  if (outcome.kind === 'done' || CAUSES[fault.kind].test(outcome.message)) return [];
  return [`${who} got a message that names no cause: ${outcome.message}`];
}

async function logFailures(scene: Scene, fault: Fault): Promise<string[]> {
  const isTold = await until(
    async () => CAUSES[fault.kind].test(await readFile(path.join(scene.home, 'sidecar.log'), 'utf8').catch(() => '')),
    5_000,
  );
  return isTold ? [] : ['the log does not say why'];
}

async function nextStartFailures(scene: Scene, expected: readonly string[]): Promise<string[]> {
  const failures: string[] = [];
  const client = scene.client('keep');
  await until(() => client.isOver || client.has('working'), ANSWER_LIMIT_MS);
  // The client is still connected, so its sidecar is in use.
  const engines = scene.processes('engine');
  await until(() => scene.processes('front').length === 1 && scene.processes('engine').length <= 1, LEAVE_LIMIT_MS);
  const fronts = scene.processes('front').map(({ pid }) => pid);
  if (fronts.length !== 1) failures.push(`there are ${fronts.length} sidecars`);
  const orphans = scene.processes('engine').filter(({ parent }) => !fronts.includes(parent));
  if (orphans.length > 0) failures.push(`${orphans.length} of ${engines.length} engines are orphans`);
  client.goOn();
  const outcome = await client.outcome(ANSWER_LIMIT_MS);
  const connected = client.news.find((news) => news.kind === 'connected');
  if (!connected) failures.push(`the next start failed: ${wordsOf(outcome)}`);
  else if (connected.afterMs > NEXT_START_LIMIT_MS)
    failures.push(`the next start took ${Math.round(connected.afterMs)} ms`);
  if (connected && (typeof outcome === 'string' || outcome.kind === 'failed'))
    failures.push(`the next question failed: ${wordsOf(outcome)}`);
  if (typeof outcome !== 'string' && outcome.kind === 'done' && outcome.answers.join('\0') !== expected.join('\0'))
    failures.push(`a wrong answer: ${JSON.stringify(outcome.answers)}, expected ${JSON.stringify(expected)}`);
  await stopRunning(scene.home).catch(() => undefined);
  if (!(await until(() => scene.processes().length === 0, STOP_LIMIT_MS)))
    failures.push(
      `${scene
        .processes()
        .map(({ role }) => role)
        .join(', ')} stayed after all processes were told to stop`,
    );
  return failures;
}

async function answersIn(scene: Scene): Promise<readonly string[]> {
  const client = scene.client('keep');
  await until(() => client.isOver || client.has('working'), ANSWER_LIMIT_MS);
  client.goOn();
  const outcome = await client.outcome(ANSWER_LIMIT_MS);
  if (typeof outcome === 'string' || outcome.kind === 'failed')
    throw new Error(`Without a fault the client fails: ${wordsOf(outcome)}`);
  return outcome.answers;
}

function wordsOf(outcome: Outcome): string {
  if (typeof outcome === 'string') return outcome;
  return outcome.kind === 'failed' ? outcome.message : 'it was done';
}

async function until(condition: () => boolean | Promise<boolean>, limitMs: number): Promise<boolean> {
  for (const begun = performance.now(); performance.now() - begun < limitMs; await sleep(2))
    if (await condition()) return true;
  return false;
}
