import * as l10n from '@vscode/l10n';
import type { Command } from 'commander';
import { sizeOfParts } from '../../models/gguf/parts.ts';
import type { SidecarStatus } from '../../protocol/client.ts';
import { adapterFields } from '../adapterFields.ts';
import { formatBytes, printFields, printJson } from '../output.ts';
import { settingsOf, withModelOptions, type ModelOptions } from '../options.ts';
import { sidecarStatus, withSession } from '../withSession.ts';

/** `chorus info`: the model, its engine and device, and the reasons for them. */
export function addInfo(program: Command): void {
  withModelOptions(
    program.command('info').description(l10n.t('load the model and show its engine and device, with the reasons')),
  ).action(info);
}

async function info(options: ModelOptions): Promise<void> {
  const status = await withSession(settingsOf(options), ({ session }) => sidecarStatus(session));
  const sizeBytes =
    status.modelPath === undefined ? undefined : await sizeOfParts(status.modelPath).catch(() => undefined);
  if (options.json) {
    printJson({
      architecture: status.architecture,
      engine: status.engine,
      device: status.device,
      name: status.modelName,
      path: status.modelPath,
      sizeBytes,
      contextSizeTokens: status.contextSizeTokens,
      ...(status.cache === undefined ? {} : { cache: status.cache }),
      experts: expertsOf(status.adapters),
      adapters: status.adapters ?? [],
      threads: status.threads,
      memoryBytes: status.memoryBytes,
      supportsFim: status.supportsFim,
      supportsToolCalling: status.supportsToolCalling,
      deviceReasons: status.deviceReasons ?? [],
      engineLimits: status.engineLimits ?? [],
    });
    return;
  }
  printFields([
    ['Model', status.modelName],
    ['File', status.modelPath],
    ['Size', formatBytes(sizeBytes)],
    ['Architecture', status.architecture],
    ...adapterFields(status.adapters),
    ['Engine', status.engine],
    ['', ...(status.engineLimits ?? [])],
    ['Device', status.device],
    ['', ...(status.deviceReasons ?? [])],
    [
      'Context',
      status.contextSizeTokens === undefined
        ? undefined
        : [`${status.contextSizeTokens} tokens`, status.cache].filter(Boolean).join(', '),
    ],
    ['Threads', status.threads?.toString()],
    ['Memory', formatBytes(status.memoryBytes)],
    ['Fill-in-the-middle', status.supportsFim ? 'yes' : 'no'],
    ['Tool calling', status.supportsToolCalling ? 'yes' : 'no'],
  ]);
}

/** The number of low-rank experts over the model. */
function expertsOf(adapters: SidecarStatus['adapters'] = []): number {
  return adapters.reduce((sum, { experts }) => sum + experts, 0);
}
