/**
 * Measures how long a hanging engine stays unnoticed and how long it takes until it answers again. Also measures how
 * long an engine outlives a killed front:
 *
 *   npx tsx test/bench/supervision.ts [--times 5]
 */
import { execa } from 'execa';
import { once } from 'node:events';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { fetchModel } from '../../.scripts/fetchModel.ts';
import { EngineProcess } from '../../sidecar/engine/process/engineProcess.ts';
import type { EngineGenerateResult, LoadParams } from '../../sidecar/protocol/engine.ts';
import { isRunning } from '../isRunning.ts';
import { median } from './statistics.ts';

const { values: options } = parseArgs({ options: { times: { type: 'string', default: '5' } } });
const times = Number(options.times);
const params: LoadParams = {
  modelPath: await fetchModel(),
  engine: 'auto',
  device: 'cpu',
  threads: 0,
  contextSizeTokens: 2048,
};
// A signal puts the main thread into an endless loop.
process.env['NODE_OPTIONS'] =
  `${process.env['NODE_OPTIONS'] ?? ''} --import=data:text/javascript,process.on('SIGUSR2',()=>{for(;;);})`;

const figures = new Map<string, number[]>();
for (let round = 0; round < times; round++) {
  for (const [hang, signal] of [
    ['stopped', 'SIGSTOP'],
    ['in a loop', 'SIGUSR2'],
  ] as const) {
    for (const isAtWork of [false, true])
      await measureHang(`${hang}, ${isAtWork ? 'at work' : 'idle'}`, signal, isAtWork);
  }
  for (const isAtWork of [false, true]) add(`orphan, ${isAtWork ? 'at work' : 'idle'}: gone`, await orphanMs(isAtWork));
}
console.log('| seconds | median | shortest | longest |\n|---|---:|---:|---:|');
for (const [what, ms] of figures)
  console.log(
    `| ${[what, ...[median(ms), Math.min(...ms), Math.max(...ms)].map((value) => (value / 1_000).toFixed(2))].join(' | ')} |`,
  );

function add(what: string, ms: number): void {
  console.log(`${what}: ${(ms / 1_000).toFixed(2)} s`);
  figures.set(what, [...(figures.get(what) ?? []), ms]);
}

async function measureHang(what: string, signal: NodeJS.Signals, isAtWork: boolean): Promise<void> {
  let found: (() => void) | undefined;
  const isFound = new Promise<void>((resolve) => (found = resolve));
  const engine = new EngineProcess({ isWatched: true, onCrashed: () => found?.() });
  try {
    await engine.load(params);
    const tokens = await engine.tokenize('Once upon a time');
    const generate = (maxTokens: number, onChunk?: () => void): Promise<EngineGenerateResult> =>
      engine.generate(
        { sequence: 'bench', priority: 'chat', tokens, maxTokens, sampling: { temperature: 0 } },
        { onChunk },
      );
    if (isAtWork) {
      await new Promise<void>((resolve) => {
        generate(1_500, resolve).catch(() => undefined);
      });
    }
    const hitAt = performance.now();
    process.kill(engine.pid!, signal);
    await isFound;
    add(`${what}: found`, performance.now() - hitAt);
    await generate(1);
    add(`${what}: answered again`, performance.now() - hitAt);
  } finally {
    await engine.dispose();
  }
}

/** Returns the milliseconds from SIGKILL of a front to the end of its engine. */
async function orphanMs(isAtWork: boolean): Promise<number> {
  const script = `
    import { EngineProcess } from ${JSON.stringify(new URL('../../sidecar/engine/process/engineProcess.ts', import.meta.url).href)};
    const engine = new EngineProcess();
    await engine.load(${JSON.stringify(params)});
    const tell = () => console.log(engine.pid);
    if (${isAtWork}) engine.generate({ sequence: 'bench', priority: 'chat', tokens: Array.from({ length: 1900 }, (_, i) => 100 + i), maxTokens: 100, sampling: { temperature: 0 } });
    setTimeout(tell, 300);`;
  const front = execa(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', script],
    { reject: false, buffer: false, stderr: 'inherit' },
  );
  const [output] = (await once(front.stdout, 'data')) as [Buffer];
  const pid = Number(output.toString());
  const killedAt = performance.now();
  front.kill('SIGKILL');
  while (isRunning(pid)) await sleep(5);
  return performance.now() - killedAt;
}
