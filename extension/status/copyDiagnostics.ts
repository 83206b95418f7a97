import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { DIAGNOSTICS_REQUEST } from '../../sidecar/protocol/client.ts';
import { countLines } from '../completion/statistics.ts';
import type { CompletionCounts } from '../completion/counts.ts';
import type { LanguageClientSession } from '../sidecar/sidecarSession.ts';

/** Copies the data for a bug report. It contains no code and no file names of the workspace. */
export async function copyDiagnostics(
  context: vscode.ExtensionContext,
  session: LanguageClientSession,
  counts: CompletionCounts,
): Promise<void> {
  const { version } = context.extension.packageJSON as { version: string };
  const lines = [
    `Chorus ${version}, ${vscode.env.appName} ${vscode.version} (${vscode.env.appHost}, ${vscode.env.uiKind === vscode.UIKind.Web ? 'web' : 'desktop'})`,
    `${process.platform} ${process.arch}, Node ${process.versions.node}${process.versions['electron'] ? `, Electron ${process.versions['electron']}` : ''}`,
    `Window: ${vscode.env.remoteName ? `remote (${vscode.env.remoteName})` : 'local'}, ${vscode.workspace.isTrusted ? 'trusted' : 'untrusted'}, extension runs ${vscode.ExtensionKind[context.extension.extensionKind]}`,
    `Sidecar: ${session.phase}`,
    ...countLines(counts),
  ];
  if (session.isRunning) {
    const { text } = await session.request(DIAGNOSTICS_REQUEST, undefined);
    lines.push('', text);
  }
  await vscode.env.clipboard.writeText(lines.join('\n'));
  await vscode.window.showInformationMessage(l10n.t('Diagnostics copied. They contain no code.'));
}
