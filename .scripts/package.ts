/**
 * Makes the VSIX of this platform; `--all`: one for each target; `--target NAME`: that one; `--cuda`: the CUDA add-on archives.
 * `--out FOLDER`: where they go, by default the project's folder. Prints sizes and fails above `MAX_VSIX_BYTES`.
 */
import { createVSIX } from '@vscode/vsce';
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { packCudaAddOn } from './package/cudaAddOn.ts';
import { stageCommon, stageTarget } from './package/stage.ts';
import { CUDA_TARGETS, hostTarget, TARGETS, targetNamed, type PackageTarget } from './package/targets.ts';

const MAX_VSIX_BYTES = 250 * 1024 * 1024;

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    target: { type: 'string' },
    cuda: { type: 'boolean', default: false },
    out: { type: 'string', default: root },
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
    for (const target of targets) await makeVsix(target, common);
  }
} finally {
  await rm(work, { recursive: true, force: true });
}

async function makeVsix(target: PackageTarget, common: Awaited<ReturnType<typeof stageCommon>>): Promise<void> {
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
  console.log(`${packagePath}: ${(size / 1024 / 1024).toFixed(1)} MB`);
  if (size > MAX_VSIX_BYTES) throw new Error(`${packagePath} is ${size} bytes, at most ${MAX_VSIX_BYTES} are allowed`);
  await rm(stage, { recursive: true });
}
