import * as l10n from '@vscode/l10n';
import type { Command } from 'commander';
import { UsageError } from '../exitCodes.ts';
import { bridgeStdio } from '../lspStdio.ts';
import { settingsOf, withModelOptions, type ModelOptions } from '../options.ts';
import { createOwnHome, launchOptions, ownLaunchOptions, removeOwnHome, Session } from '../session.ts';

/**
 * `chorus lsp --stdio`: the sidecar as a language server for any editor that speaks LSP over standard input and output.
 */
export function addLsp(program: Command): void {
  const command = program
    .command('lsp')
    .description(l10n.t('run a language server for an editor, on the shared sidecar'))
    .option('--stdio', 'speak LSP over standard input and output', false);
  withModelOptions(command).action(lsp);
}

async function lsp(options: ModelOptions & { readonly stdio: boolean }): Promise<void> {
  if (!options.stdio) throw new UsageError('Expected lsp --stdio: there is no other transport');
  const settings = settingsOf(options);
  const ownHome = settings && (await createOwnHome());
  let exitCode: number;
  try {
    exitCode = await bridgeStdio({
      launch: ownHome === undefined ? launchOptions() : ownLaunchOptions(ownHome),
      settings,
    });
  } finally {
    if (ownHome !== undefined) {
      await (await Session.openRunning(ownHome))?.stop();
      await removeOwnHome(ownHome);
    }
  }
  // The editor may keep standard input open long after its last message.
  process.stdout.write('', () => process.exit(exitCode));
}
