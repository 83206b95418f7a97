import * as l10n from '@vscode/l10n';
import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { contextsFolder, removeContextSets } from '../../keptContexts/contextSets.ts';
import { expertFileOf, forgetExpert, learningFolder } from '../../keptContexts/learntFolder.ts';
import { contextSetName, workspaceKeyOf } from '../../keptContexts/workspaceKey.ts';
import { FORGET_WORKSPACE_REQUEST } from '../../protocol/client.ts';
import { withJson } from '../options.ts';
import { printJson } from '../output.ts';
import { Session } from '../session.ts';
import { writeForeignText } from '../terminal.ts';

/** `chorus forget`: deletes a workspace's evaluated contexts, on disk and in memory, and what was learnt from it. */
export function addForget(program: Command): void {
  withJson(
    program
      .command('forget')
      .description(l10n.t('delete the saved contexts of a workspace'))
      .argument('[folder]', "the workspace's folder or .code-workspace file", '.'),
  ).action(forget);
}

async function forget(folder: string, options: { readonly json: boolean }): Promise<void> {
  const workspace = path.resolve(folder);
  const workspaceKeys = (await spellingsOf(folder)).map((spelled) => workspaceKeyOf([pathToFileURL(spelled).href]));
  const names = workspaceKeys.map(contextSetName);
  const hadExpert = names.some((name) => existsSync(expertFileOf(learningFolder(), name)));
  const session = await Session.openRunning();
  if (session) {
    try {
      for (const workspaceKey of workspaceKeys) await session.request(FORGET_WORKSPACE_REQUEST, { workspaceKey });
    } finally {
      await session.close();
    }
  } else {
    for (const name of names) {
      await removeContextSets(contextsFolder(), name);
      await forgetExpert(learningFolder(), name);
    }
  }
  if (options.json) printJson({ forgotten: workspace });
  else {
    const message = hadExpert
      ? l10n.t('The saved contexts and the expert of {0} are deleted.', workspace)
      : l10n.t('The saved contexts of {0} are deleted.', workspace);
    writeForeignText(process.stdout, `${message}\n`);
  }
}

/**
 * Returns the possible paths of a folder. A workspace is identified by the path that it was opened with, which may
 * contain links. For a relative path, the shell's `PWD` tells which links it followed.
 */
async function spellingsOf(folder: string): Promise<readonly string[]> {
  const given = [...new Set([path.resolve(folder), path.resolve(process.env['PWD'] ?? '', folder)])];
  const real = await Promise.all(given.map((spelled) => realpath(spelled).catch(() => spelled)));
  return [...new Set([...given.filter((_, index) => real[index] === real[0]), real[0] as string])];
}
