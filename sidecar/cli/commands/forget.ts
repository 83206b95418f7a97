import * as l10n from '@vscode/l10n';
import type { Command } from 'commander';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { contextsFolder, removeContextSets } from '../../client/contextSets.ts';
import { contextSetName, workspaceKeyOf } from '../../client/workspaceKey.ts';
import { FORGET_WORKSPACE_REQUEST, type ForgetWorkspaceParams } from '../../protocol/client.ts';
import { withJson } from '../options.ts';
import { printJson } from '../output.ts';
import { Session } from '../session.ts';

/** `chorus forget`: deletes what was evaluated for a workspace, on disk and in memory. */
export function addForget(program: Command): void {
  withJson(program.command('forget').description(l10n.t('delete what is kept of a workspace: contexts that were evaluated for it')).argument('[folder]', 'its folder, or its .code-workspace file', '.')).action(forget);
}

async function forget(folder: string, options: { readonly json: boolean }): Promise<void> {
  const workspace = path.resolve(folder);
  const workspaceKey = workspaceKeyOf([pathToFileURL(workspace).href]);
  const session = await Session.openRunning();
  if (session) {
    try {
      await session.request(FORGET_WORKSPACE_REQUEST, { workspaceKey } satisfies ForgetWorkspaceParams);
    } finally {
      await session.close();
    }
  } else {
    await removeContextSets(contextsFolder(), contextSetName(workspaceKey));
  }
  if (options.json) printJson({ forgotten: workspace });
  else process.stdout.write(`${l10n.t('What the model had read of {0} is deleted.', workspace)}\n`);
}
