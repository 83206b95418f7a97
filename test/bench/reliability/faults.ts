/**
 * The fault matrix: causes a fault at each step of the work and checks the conditions afterwards. The next start is
 * within ten seconds, there is one sidecar and no orphan, no answer is wrong, and a waiting client learns the cause.
 *
 * It needs Linux and root: it mounts small disks, traces processes (strace), and sets clocks by libfaketime (Debian's
 * package of that name).
 *
 *   npx tsx test/bench/reliability/faults.ts [--only WORDS] [--fresh] [--side-by-side 2] [--outcomes FILE] [--dist
 *     FOLDER]
 *
 * Cells that were tried at this commit are skipped, except with `--fresh`. `--list` names them. Outcomes are added to
 * `docs/results/reliability.json`.
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { originOfRun } from '../report.ts';
import { tryCell, undisturbedAnswers } from './faults/cell.ts';
import { CELLS, type Cell } from './faults/cells.ts';
import { Stage } from './faults/scene.ts';
import { addFaultCell, readOutcomes } from './outcomes.ts';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    fresh: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    'side-by-side': { type: 'string', default: '2' },
    outcomes: { type: 'string' },
    dist: { type: 'string' },
  },
});
/** More cells run at once if their processes are stopped, since those only wait. */
const WAITING_SIDE_BY_SIDE = 8;
const COMMAND = 'npx tsx test/bench/reliability/faults.ts';

const origin = await originOfRun();
const { faults: known } = await readOutcomes(options.outcomes);
const cells = CELLS.filter(({ name }) => name.includes(options.only));
if (options.list) for (const { name } of cells) console.log(name);
else await tryAll(cells.filter(({ name }) => options.fresh || known[name]?.commit !== origin.commit));

async function tryAll(chosen: readonly Cell[]): Promise<void> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    throw new Error('The fault matrix needs Linux and root, for mounts and strace.');
  if (!existsSync('/usr/bin/strace'))
    throw new Error('The fault matrix needs strace: apt-get install strace libfaketime');
  await using stage = await Stage.build(options.dist);
  const expected = await undisturbedAnswers(stage);
  const isWaiting = ({ fault }: Cell): boolean => fault.kind === 'stop' && fault.seconds >= 100;
  let failed = 0;
  const run = async (cell: Cell): Promise<void> => {
    const failures = await tryCell(stage, cell, expected).catch((error: unknown) => [String(error)]);
    failed += Number(failures.length > 0);
    console.log(
      `${failures.length === 0 ? 'passed' : 'FAILED'}: ${cell.name}${failures.map((failure) => `\n  ${failure}`).join('')}`,
    );
    await addFaultCell(
      {
        ...origin,
        step: cell.step,
        fault: cell.faultName,
        command: COMMAND,
        tried: 1,
        passed: Number(failures.length === 0),
        failures,
      },
      options.outcomes,
    );
  };
  await Promise.all([
    inPool(
      chosen.filter((cell) => !isWaiting(cell)),
      Number(options['side-by-side']),
      run,
    ),
    inPool(chosen.filter(isWaiting), WAITING_SIDE_BY_SIDE, run),
  ]);
  console.log(`${chosen.length - failed} of ${chosen.length} cells passed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

async function inPool(queue: readonly Cell[], size: number, run: (cell: Cell) => Promise<void>): Promise<void> {
  const rest = [...queue];
  const work = async (): Promise<void> => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) await run(next);
  };
  await Promise.all(Array.from({ length: size }, work));
}
