import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { formatNumber } from '../../l10n/currentLanguage.ts';
import { STATISTICS_REQUEST, type CompletionStatistics } from '../../sidecar/protocol/client.ts';
import type { LanguageClientSession } from '../sidecar/sidecarSession.ts';
import { acceptedShare, survivedShare, type CompletionCounts } from './counts.ts';

/** Shows the statistics of ghost text. The numbers never leave this machine. */
export async function showStatistics(session: LanguageClientSession, counts: CompletionCounts): Promise<void> {
  const lines = countLines(counts);
  if (session.isRunning) lines.push(...sidecarLines(await session.request(STATISTICS_REQUEST, undefined)));
  await vscode.window.showInformationMessage(l10n.t('Ghost Text Statistics'), {
    modal: true,
    detail: lines.join('\n'),
  });
}

/** Returns the counts as readable lines. */
export function countLines(counts: CompletionCounts): string[] {
  const lines = [
    l10n.t('Shown: {0}', formatNumber(counts.shown)),
    l10n.t(
      'Accepted: {0}, in part: {1} ({2})',
      formatNumber(counts.accepted),
      formatNumber(counts.acceptedPartly),
      percent(acceptedShare(counts)),
    ),
    l10n.t('Accepted characters: {0}', formatNumber(counts.acceptedCharacters)),
  ];
  const survived = survivedShare(counts);
  if (survived !== undefined) lines.push(l10n.t('Accepted text still there after two minutes: {0}', percent(survived)));
  return lines;
}

function sidecarLines(statistics: CompletionStatistics): string[] {
  const lines = [
    l10n.t(
      'Since the sidecar started: requests: {0}, answered: {1}, from the cache: {2}, cancelled: {3}',
      formatNumber(statistics.requests),
      formatNumber(statistics.answered),
      formatNumber(statistics.cached),
      formatNumber(statistics.cancelled),
    ),
  ];
  if (statistics.latencyP50Ms !== undefined && statistics.latencyP90Ms !== undefined) {
    lines.push(
      l10n.t(
        'Answer time: median {0}; {1} within {2}',
        milliseconds(statistics.latencyP50Ms),
        percent(0.9),
        milliseconds(statistics.latencyP90Ms),
      ),
    );
  }
  return lines;
}

function percent(share: number | undefined): string {
  return share === undefined ? '–' : formatNumber(share, { style: 'percent' });
}

function milliseconds(value: number): string {
  return formatNumber(Math.round(value), { style: 'unit', unit: 'millisecond', unitDisplay: 'short' });
}
