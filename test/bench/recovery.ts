/**
 * Kills a sidecar at work in a real VS Code. Measures the time until another one shows ghost text, and until another
 * one answers.
 *
 *   npx tsx test/bench/recovery.ts [--times 5] [--write]
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { defaultModelPath } from '../../sidecar/shelf/defaultModel.ts';
import type { Window } from '../host/driver.ts';
import { HostSession, type Scenario } from '../host/hostSession.ts';
import { recoverAnswer, recoverCompletion } from '../host/recovery.ts';
import { NEWEST_HOST } from '../host/setup.ts';
import { writeReport } from './report.ts';
import { median } from './statistics.ts';

const { values: options } = parseArgs({
  options: { times: { type: 'string', default: '5' }, write: { type: 'boolean', default: false } },
});
const GOAL_MS = 5_000;
const times = Number(options.times);

const modelPath = await defaultModelPath();
const session = await HostSession.start(NEWEST_HOST, { modelPath });
try {
  const completions: number[] = [];
  const answers: number[] = [];
  while (answers.length < times) {
    completions.push(await inNewWindow(recoverCompletion));
    answers.push(await inNewWindow(recoverAnswer));
  }
  await report({ 'ghost text': completions, "the next question's answer": answers });
} finally {
  await session.stop();
}

/** Uses a new window each time, since a window counts crashes and waits longer after each. */
async function inNewWindow(work: (host: Scenario, window: Window) => Promise<number>): Promise<number> {
  const host = await session.newScenario();
  try {
    return await work(host, await host.openWindow());
  } finally {
    await host.closeWindows();
  }
}

async function report(figures: Readonly<Record<string, readonly number[]>>): Promise<void> {
  const seconds = (ms: number): string => (ms / 1000).toFixed(1);
  const rows = Object.entries(figures).map(
    ([what, ms]) =>
      `| ${what} | ${seconds(median(ms))} | ${seconds(Math.min(...ms))} | ${seconds(Math.max(...ms))} | ${ms.filter((one) => one <= GOAL_MS).length} of ${ms.length} |`,
  );
  const body = `The sidecar's process is killed while its model works. The table has the seconds from then to the first sign of the next sidecar on the screen. They include the user's typing and clicks in between (a line of
code, a question). The goal is ${GOAL_MS / 1000} s. VS Code, its window in a browser, and the sidecar share the machine's cores. A separate test checks that no text and no question is lost,
\`test/host/sidecarLife.test.ts\`.

| until | median | shortest | longest | within the goal |
|---|---:|---:|---:|---:|
${rows.join('\n')}`;
  console.log(body);
  if (options.write)
    await writeReport({
      name: 'recovery',
      title: 'A killed sidecar',
      body,
      figures,
      model: path.basename(modelPath),
      command: 'npx tsx test/bench/recovery.ts --write',
    });
}
