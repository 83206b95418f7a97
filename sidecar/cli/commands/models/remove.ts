import * as l10n from '@vscode/l10n';
import type { Command } from 'commander';
import path from 'node:path';
import { REMOVE_MODEL_REQUEST, type RemoveModelParams } from '../../../protocol/client.ts';
import { printJson } from '../../output.ts';
import { Session } from '../../session.ts';
import { downloadSettings, optionsOf, withShelfOptions, type ShelfOptions } from './options.ts';

/** `chorus models remove`: removes a downloaded or imported model. */
export function addRemove(models: Command): void {
  const command = models
    .command('remove')
    .description(l10n.t('remove a downloaded or imported model'))
    .argument('<model>', 'path of the model, or its name on the shelf with its quantisation')
    .argument('[quantisation]');
  withShelfOptions(command).action(
    (model: string, quantisation: string | undefined, _options: unknown, self: Command) =>
      remove(model, quantisation, optionsOf(self)),
  );
}

async function remove(model: string, quantisation: string | undefined, options: ShelfOptions): Promise<void> {
  const session = await Session.openShared(downloadSettings(options));
  try {
    const params: RemoveModelParams =
      quantisation === undefined ? { path: path.resolve(model) } : { id: model, quantisation };
    await session.request(REMOVE_MODEL_REQUEST, params);
    if (options.json) printJson({ removed: params });
    else process.stdout.write(`${l10n.t('Removed.')}\n`);
  } finally {
    await session.close();
  }
}
