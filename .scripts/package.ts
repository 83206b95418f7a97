/**
 * Makes the VSIX of this platform. Options: `--all` for every target, `--target NAME` for one target, `--cuda` for the
 * CUDA add-on archives. `--out FOLDER` sets the output folder (default: the project's folder), and `--write` also
 * writes the sizes to `docs/results/package.md`. Prints sizes and fails above `MAX_VSIX_BYTES`.
 */
import { createVSIX } from '@vscode/vsce';
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeReport } from '../test/bench/report.ts';
import { packCudaAddOn } from './package/cudaAddOn.ts';
import { stageCommon, stageTarget } from './package/stage.ts';
import {
  CUDA_TARGETS,
  hostTarget,
  MAX_VSIX_BYTES,
  TARGETS,
  targetNamed,
  type PackageTarget,
} from './package/targets.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    target: { type: 'string' },
    cuda: { type: 'boolean', default: false },
    out: { type: 'string', default: root },
    write: { type: 'boolean', default: false },
  },
});
const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as { version: string };
const outputFolder = path.resolve(values.out);
await mkdir(outputFolder, { recursive: true });
const work = await mkdtemp(path.join(os.tmpdir(), 'chorus-package-'));
try {
  if (values.cuda) {
    for (const target of CUDA_TARGETS) await packCudaAddOn({ root, target, outputFolder, version });
  } else {
    const targets = values.all ? TARGETS : [values.target ? targetNamed(values.target) : hostTarget()];
    const common = await stageCommon(root, path.join(work, 'common'));
    const packages: Package[] = [];
    for (const target of targets) packages.push(await makeVsix(target, common));
    if (values.write) await writeSizes(packages, common.model);
  }
} finally {
  await rm(work, { recursive: true, force: true });
}

interface Package {
  readonly target: string;
  readonly sizeBytes: number;
}

async function makeVsix(target: PackageTarget, common: Awaited<ReturnType<typeof stageCommon>>): Promise<Package> {
  const stage = path.join(work, target.name);
  await stageTarget(common, target, stage);
  const packagePath = path.join(outputFolder, `chorus-${target.name}-${version}.vsix`);
  await createVSIX({
    cwd: stage,
    packagePath,
    target: target.name,
    dependencies: false,
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
  });
  const { size } = await stat(packagePath);
  console.log(`${packagePath}: ${megabytes(size)} MB`);
  if (size > MAX_VSIX_BYTES) throw new Error(`${packagePath} is ${size} bytes, at most ${MAX_VSIX_BYTES} are allowed`);
  await rm(stage, { recursive: true });
  return { target: target.name, sizeBytes: size };
}

function megabytes(sizeBytes: number): string {
  return (sizeBytes / 1e6).toFixed(1);
}

async function writeSizes(packages: readonly Package[], model: string): Promise<void> {
  const rows = packages.map(({ target, sizeBytes }) => `| ${target} | ${megabytes(sizeBytes)} |`);
  const body = `Megabytes (10^6 bytes) of each VSIX with the default model and the libraries of its target. The limit is ${MAX_VSIX_BYTES / 1e6}.

| target | MB |
|---|---:|
${rows.join('\n')}`;
  const command = `npm run package -- ${process.argv
    .slice(2)
    .filter((argument, index, all) => argument !== '--out' && all[index - 1] !== '--out')
    .join(' ')}`;
  await writeReport({
    name: 'package',
    title: 'Size of the packages',
    body,
    figures: packages,
    model: `${model}, inside`,
    command,
  });
}
