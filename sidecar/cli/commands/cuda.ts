import * as l10n from '@vscode/l10n';
import type { Command } from 'commander';
import path from 'node:path';
import { homeFolder } from '../../common/home.ts';
import { cudaCatalogue, installedCudaPackages } from '../../models/cuda/cudaAddOn.ts';
import { findCudaRuntime } from '../../models/cuda/cudaRuntime.ts';
import { installCudaSupport } from '../../shelf/installCudaAddOn.ts';
import { interruptible } from '../interruptible.ts';
import { printFields, printJson } from '../output.ts';
import { withJson } from '../options.ts';

interface CudaOptions {
  readonly json: boolean;
  /** True: download from the registry. A path: install from that archive. */
  readonly install?: true | string;
}

/** `chorus cuda`: whether NVIDIA's runtime and its libraries are installed. With --install, installs the libraries. */
export function addCuda(program: Command): void {
  const command = program
    .command('cuda')
    .description(l10n.t('show whether NVIDIA CUDA can be used'))
    .option('--install [archive]', 'install the libraries for it: from an archive, or from the npm registry');
  withJson(command).action(cuda);
}

async function cuda(options: CudaOptions): Promise<void> {
  if (options.install !== undefined)
    await install(options.install === true ? undefined : path.resolve(options.install));
  const runtime = await findCudaRuntime();
  const catalogue = await cudaCatalogue();
  const installed = catalogue ? installedCudaPackages(homeFolder(), catalogue) : [];
  if (options.json) {
    printJson({ runtime: runtime ?? null, available: catalogue !== undefined, installed });
    return;
  }
  printFields([
    ['CUDA runtime', runtime ? `${runtime.majorVersion}, in ${runtime.folder}` : 'not found'],
    [
      'Libraries',
      installed.length > 0
        ? installed.join(', ')
        : catalogue
          ? 'not installed: chorus cuda --install'
          : 'none for this build',
    ],
  ]);
}

async function install(archive: string | undefined): Promise<void> {
  await interruptible((signal, bar) =>
    installCudaSupport({
      archive,
      signal,
      onProgress: (name, { bytes, totalBytes }) => {
        if (totalBytes !== undefined) bar.update(`Downloading ${name}`, bytes / totalBytes);
      },
    }),
  );
}
