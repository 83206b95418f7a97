import * as vscode from 'vscode';
import { STATISTICS_REQUEST, type CompletionStatistics } from '../../sidecar/protocol/client.ts';
import type { LanguageClientSession } from '../sidecar/sidecarSession.ts';
import { acceptedShare, survivedShare, type CompletionCounts } from './counts.ts';

/** Shows what became of ghost text. The numbers never leave this machine. */
export async function showStatistics(session: LanguageClientSession, counts: CompletionCounts): Promise<void> {
  const lines = countLines(counts);
  if (session.isRunning) lines.push(...sidecarLines(await session.request<CompletionStatistics>(STATISTICS_REQUEST, undefined)));
  await vscode.window.showInformationMessage(vscode.l10n.t('Ghost Text Statistics'), { modal: true, detail: lines.join('\n') });
}

/** The counts as lines for people. */
export function countLines(counts: CompletionCounts): string[] {
  const lines = [
    vscode.l10n.t('Shown: {0}', counts.shown),
    vscode.l10n.t('Accepted: {0}, in part: {1} ({2})', counts.accepted, counts.acceptedPartly, percent(acceptedShare(counts))),
    vscode.l10n.t('Accepted characters: {0}', counts.acceptedCharacters),
  ];
  const survived = survivedShare(counts);
  if (survived !== undefined) lines.push(vscode.l10n.t('Of accepted text still there after two minutes: {0}', percent(survived)));
  return lines;
}

function sidecarLines(statistics: CompletionStatistics): string[] {
  const lines = [
    vscode.l10n.t(
      'Since the sidecar began: {0} requests, {1} answered, {2} of them from the cache, {3} cancelled',
      statistics.requests,
      statistics.answered,
      statistics.cached,
      statistics.cancelled,
    ),
  ];
  if (statistics.latencyP50Ms !== undefined && statistics.latencyP90Ms !== undefined) {
    lines.push(vscode.l10n.t('Answer time: half within {0} ms, 90% within {1} ms', Math.round(statistics.latencyP50Ms), Math.round(statistics.latencyP90Ms)));
  }
  return lines;
}

function percent(share: number | undefined): string {
  return share === undefined ? '–' : `${Math.round(share * 100)}%`;
}
