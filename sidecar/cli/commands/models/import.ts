import * as l10n from '@vscode/l10n';
import type { Command } from 'commander';
import path from 'node:path';
import { IMPORT_MODEL_REQUEST, type ImportModelParams } from '../../../protocol/client.ts';
import { interruptible } from '../../interruptible.ts';
import { printJson } from '../../output.ts';
import { Session } from '../../session.ts';
import { writeForeignText } from '../../terminal.ts';
import { downloadSettings, optionsOf, withShelfOptions, type ShelfOptions } from './options.ts';
import { drawProgress } from './progress.ts';

/** `chorus models import`: copies a GGUF file to the downloaded models. */
export function addImport(models: Command): void {
  withShelfOptions(
    models
      .command('import')
      .description(l10n.t('copy a GGUF file into the folder of downloaded models'))
      .argument('<file>', 'GGUF file; the first file of a model in several parts'),
  ).action((file: string, _options: unknown, command: Command) => importModel(file, optionsOf(command)));
}

async function importModel(file: string, options: ShelfOptions): Promise<void> {
  const session = await Session.openShared(downloadSettings(options));
  try {
    const params: ImportModelParams = { path: path.resolve(file) };
    const { path: copy } = await interruptible((signal, bar) =>
      session.request(IMPORT_MODEL_REQUEST, params, {
        signal,
        onPart: (progress) => drawProgress(bar, progress),
      }),
    );
    if (options.json) printJson({ path: copy });
    else writeForeignText(process.stdout, `${copy}\n`);
  } finally {
    await session.close();
  }
}
