import * as l10n from '@vscode/l10n';
import type { Command } from 'commander';
import { adapterFields } from '../adapterFields.ts';
import { ExitCodes } from '../exitCodes.ts';
import { formatBytes, printFields, printJson } from '../output.ts';
import { withJson } from '../options.ts';
import { Session } from '../session.ts';
import { sidecarStatus } from '../withSession.ts';

/** `chorus status`: whether the shared sidecar runs, and its state. Starts and loads nothing. */
export function addStatus(program: Command): void {
  withJson(
    program.command('status').description(l10n.t('show whether the shared sidecar is running, and its model')),
  ).action(status);
}

async function status(options: { readonly json: boolean }): Promise<void> {
  const session = await Session.openRunning();
  if (!session) {
    if (options.json) printJson({ running: false });
    else process.stdout.write(`${l10n.t('No sidecar is running.')}\n`);
    process.exitCode = ExitCodes.notRunning;
    return;
  }
  try {
    const state = await sidecarStatus(session);
    if (options.json) {
      printJson({ running: true, ...session.sidecar, ...state });
      return;
    }
    printFields([
      ['Sidecar', `${session.sidecar.version}, process ${session.sidecar.pid}, since ${session.sidecar.startedAt}`],
      ['State', state.state, state.trouble?.message],
      ['Model', state.modelName, state.modelPath],
      ...adapterFields(state.adapters),
      ['Engine', state.engine],
      ['Device', state.device],
      [
        'Context',
        state.contextSizeTokens === undefined
          ? undefined
          : [
              `${state.contextUsedTokens ?? 0} of ${state.contextSizeTokens} tokens used`,
              state.contextKeptTokens === undefined ? undefined : `${state.contextKeptTokens} of them kept`,
              state.cache,
            ]
              .filter(Boolean)
              .join(', '),
      ],
      ['Speed', state.tokensPerSecond === undefined ? undefined : `${state.tokensPerSecond.toFixed(1)} tokens/s`],
      ['Memory', formatBytes(state.memoryBytes)],
    ]);
  } finally {
    await session.close();
  }
}
