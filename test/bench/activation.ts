/**
 * Opens windows of a real VS Code one after another and reads the times for loading and activating the bundle from
 * Chorus's log.
 *
 * The bundle is the shipped one.
 *
 *   npx tsx test/bench/activation.ts [--windows 20] [--write]
 */
import { execa } from 'execa';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { percentile } from '../../sidecar/completion/statistics.ts';
import { repository } from '../host/extensionFolder.ts';
import { HostSession } from '../host/hostSession.ts';
import { NEWEST_HOST, OLDEST_HOST, type HostVersion } from '../host/setup.ts';
import { writeReport } from './report.ts';

const { values: options } = parseArgs({
  options: { windows: { type: 'string', default: '20' }, write: { type: 'boolean', default: false } },
});
const BUNDLES = path.join(repository, '.cache', 'activation-bench');
const LINE = /loaded in ([\d.]+) ms and activated in ([\d.]+) ms/g;

interface Timing {
  readonly loadMs: number;
  readonly activateMs: number;
}

async function measure(version: HostVersion): Promise<Timing[]> {
  const session = await HostSession.start(version, { bundles: BUNDLES });
  try {
    for (let window = 0; window < Number(options.windows); window++) {
      const scenario = await session.newScenario();
      await scenario.openWindow();
      await scenario.closeWindows();
    }
    const logs = path.join(session.server.folder, 'data', 'logs');
    const files = (await readdir(logs, { recursive: true })).filter((file) => file.endsWith('Chorus.log'));
    const texts = await Promise.all(files.map((file) => readFile(path.join(logs, file), 'utf8')));
    return texts.flatMap((text) =>
      [...text.matchAll(LINE)].map(([, load, activate]) => ({ loadMs: Number(load), activateMs: Number(activate) })),
    );
  } finally {
    await session.stop();
  }
}

const rows: string[] = [];
const figures: Record<string, readonly Timing[]> = {};
await execa(process.execPath, ['--import', 'tsx', '.scripts/build.ts', '--production', '--out', BUNDLES], {
  cwd: repository,
  stdio: 'inherit',
});
for (const version of [NEWEST_HOST, OLDEST_HOST] as const) {
  const timings = await measure(version);
  if (timings.length === 0) throw new Error(`VS Code ${version}: Chorus's log reports no activation`);
  const summary = (value: (timing: Timing) => number): string => {
    const sorted = timings.map(value).sort((a, b) => a - b);
    return `${percentile(sorted, 0.5)?.toFixed(1)} / ${percentile(sorted, 0.9)?.toFixed(1)}`;
  };
  rows.push(
    `| ${version} | ${timings.length} | ${summary(({ loadMs }) => loadMs)} | ${summary(({ activateMs }) => activateMs)} | ${summary(({ loadMs, activateMs }) => loadMs + activateMs)} |`,
  );
  figures[version] = timings;
}
await rm(BUNDLES, { recursive: true, force: true });
const body = `Milliseconds (median / 90th percentile) of windows opened one after another, with the shipped bundle. The goal is a sum below 100 ms.

| VS Code | windows | load the bundle | activate | sum |
|---|---:|---:|---:|---:|
${rows.join('\n')}`;
console.log(body);
if (options.write) {
  const command = `npx tsx test/bench/activation.ts --windows ${options.windows} --write`;
  await writeReport({ name: 'activation', title: 'Activation', body, figures, model: 'none', command });
}
