import * as l10n from '@vscode/l10n';
import type { Command } from 'commander';
import {
  DOWNLOAD_REQUEST,
  SHELF_REQUEST,
  type CatalogueShelfEntry,
  type DownloadParams,
} from '../../../protocol/client.ts';
import { InterruptedError, UsageError } from '../../exitCodes.ts';
import { interruptible } from '../../interruptible.ts';
import { printJson } from '../../output.ts';
import { Session } from '../../session.ts';
import { inOneLine, writeForeignText } from '../../terminal.ts';
import { downloadSettings, optionsOf, withShelfOptions, type ShelfOptions } from './options.ts';
import { drawProgress } from './progress.ts';

interface DownloadOptions extends ShelfOptions {
  readonly acceptLicence: boolean;
}

/** `chorus models download`: downloads a model of the shelf. Ctrl-C pauses, and the same command resumes. */
export function addDownload(models: Command): void {
  const command = models
    .command('download')
    .description(l10n.t('download a model; Ctrl+C pauses, the same command resumes'))
    .argument('<model>', 'name of the model in `chorus models shelf`')
    .argument('[quantisation]', 'default: the best for this machine');
  withShelfOptions(command)
    .option('--accept-licence', 'accept a licence without commercial use', false)
    .action((id: string, quantisation: string | undefined, _options: unknown, self: Command) =>
      download(id, quantisation, optionsOf(self)),
    );
}

async function download(id: string, quantisation: string | undefined, options: DownloadOptions): Promise<void> {
  const session = await Session.openShared(downloadSettings(options));
  try {
    const model = await modelNamed(session, id);
    const { name, licence } = model;
    if (!options.json)
      writeForeignText(
        process.stderr,
        `${inOneLine(`${name}: ${licence.name}${licence.url ? `, ${licence.url}` : ''}`)}\n`,
      );
    if (!licence.commercialUse && !options.acceptLicence)
      throw new UsageError(
        `${name} may not be used commercially (${licence.name}). If that suits you, add --accept-licence.`,
      );
    const params: DownloadParams = { id, quantisation };
    const result = await interruptible((signal, bar) =>
      session.request(DOWNLOAD_REQUEST, params, {
        signal,
        onPart: (progress) => drawProgress(bar, progress),
      }),
    );
    if (options.json) {
      printJson(result);
      return;
    }
    if (result.isVerified === false)
      process.stderr.write('The file is not verified: neither the catalogue nor the server gives its SHA-256.\n');
    writeForeignText(process.stdout, `${result.path}\n`);
  } catch (error) {
    if (error instanceof InterruptedError && !options.json)
      process.stderr.write('Paused. Run the same command to resume.\n');
    throw error;
  } finally {
    await session.close();
  }
}

async function modelNamed(session: Session, id: string): Promise<CatalogueShelfEntry> {
  const { entries, catalogueTrouble } = await session.request(SHELF_REQUEST, {});
  const models = entries.filter((entry) => entry.kind === 'catalogue');
  const model = models.find((each) => each.id === id);
  if (model) return model;
  throw new UsageError(
    catalogueTrouble?.message ?? `The shelf has no model "${id}". It has: ${models.map((each) => each.id).join(', ')}`,
  );
}
