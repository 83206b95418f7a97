/**
 * Makes the VSIX of this platform. Options: `--all` for every target, `--target NAME` for one target, `--open-vsx` for
 * the packages of Open VSX beside them, `--cuda` for the CUDA add-on archives. `--out FOLDER` sets the output folder
 * (default: the project's folder), and `--write` also writes the sizes to `docs/results/package.md`. Prints sizes and
 * fails above `MAX_VSIX_BYTES` or `MAX_OPEN_VSX_BYTES`.
 */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { packCudaAddOn } from './package/cudaAddOn.ts';
import { packModelExtension } from './package/openVsx.ts';
import { writeSizes, type PackageSizes } from './package/sizes.ts';
import { stageCommon, stageTarget, type CommonStage } from './package/stage.ts';
import {
  CUDA_TARGETS,
  hostTarget,
  MAX_OPEN_VSX_BYTES,
  MAX_VSIX_BYTES,
  TARGETS,
  targetNamed,
  type PackageTarget,
} from './package/targets.ts';
import { packVsix } from './package/vsix.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    target: { type: 'string' },
    'open-vsx': { type: 'boolean', default: false },
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
    const sizes = await packAll(targets, common);
    if (values.write) await writeSizes(sizes, common.modelParts);
  }
} finally {
  await rm(work, { recursive: true, force: true });
}

async function packAll(targets: readonly PackageTarget[], common: CommonStage): Promise<PackageSizes> {
  // The largest package of Open VSX is the first, so that a model that is too large is found at once.
  const modelBytes = values['open-vsx']
    ? await packModelExtension({ root, parts: common.modelParts, stage: path.join(work, 'model'), outputFolder })
    : undefined;
  const packages: PackageSizes['packages'][number][] = [];
  for (const target of targets) {
    const sizeBytes = await packTarget(target, common, { hasModel: true });
    const openVsxBytes = values['open-vsx'] ? await packTarget(target, common, { hasModel: false }) : undefined;
    packages.push({ target: target.name, sizeBytes, openVsxBytes });
  }
  return { packages, modelBytes };
}

async function packTarget(
  target: PackageTarget,
  common: CommonStage,
  { hasModel }: { readonly hasModel: boolean },
): Promise<number> {
  const stage = path.join(work, target.name);
  await stageTarget(common, { target, folder: stage, hasModel });
  const name = hasModel ? `chorus-${target.name}` : `chorus-open-vsx-${target.name}`;
  const size = await packVsix({
    stage,
    packagePath: path.join(outputFolder, `${name}-${version}.vsix`),
    target: target.name,
    maxBytes: hasModel ? MAX_VSIX_BYTES : MAX_OPEN_VSX_BYTES,
  });
  await rm(stage, { recursive: true });
  return size;
}
