import * as l10n from '@vscode/l10n';
import type { Command } from 'commander';
import { printJson } from '../output.ts';
import { withJson } from '../options.ts';
import { Session } from '../session.ts';

/** `chorus stop`: ends the shared sidecar, even if clients are connected. Editors start it again when they need it. */
export function addStop(program: Command): void {
  withJson(program.command('stop').description(l10n.t('stop the shared sidecar'))).action(stop);
}

async function stop(options: { readonly json: boolean }): Promise<void> {
  const session = await Session.openRunning();
  if (session) {
    await session.stop();
    await session.close();
  }
  if (options.json) printJson({ stopped: session !== undefined });
  else if (session) process.stdout.write(`${l10n.t('The sidecar has stopped.')}\n`);
  else process.stdout.write(`${l10n.t('No sidecar was running.')}\n`);
}
