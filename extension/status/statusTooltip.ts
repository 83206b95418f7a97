import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { counted, currentLanguage, formatNumber } from '../../l10n/currentLanguage.ts';
import type { SidecarStatus } from '../../sidecar/protocol/client.ts';
import { countLines } from '../completion/statistics.ts';
import type { CompletionCounts } from '../completion/counts.ts';
import { localisedTrouble } from '../sidecar/localisedMessage.ts';
import { formatBytes, type StatusKind } from './statusView.ts';

/**
 * Returns the tooltip of the status bar item. Names come from model files, so it is plain text without working links or
 * commands.
 */
export function statusTooltip(
  kind: StatusKind,
  status: SidecarStatus | undefined,
  {
    snoozedUntilMs,
    counts,
    learning,
  }: {
    readonly snoozedUntilMs: number;
    readonly counts: CompletionCounts;
    /** What learning does, in readable lines. */
    readonly learning: readonly string[];
  },
): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString();
  const addLine = (text: string): void => {
    tooltip.appendText(text).appendMarkdown('\n\n');
  };
  addLine(statusText(kind, status, snoozedUntilMs));
  if (status?.modelName) {
    tooltip.appendMarkdown('---\n\n');
    if (status.readingAhead) addLine(l10n.t('Reading related files until you type'));
    if (status.quiet) addLine(l10n.t('Saving power: nothing is computed in advance, half of the threads are used'));
    for (const line of modelLines(status)) addLine(line);
  }
  if (learning.length > 0) tooltip.appendMarkdown('---\n\n');
  for (const line of learning) addLine(line);
  tooltip.appendMarkdown('---\n\n');
  for (const line of countLines(counts)) addLine(line);
  return tooltip;
}

/** Returns the status in one line, also for screen readers. */
export function statusText(kind: StatusKind, status: SidecarStatus | undefined, snoozedUntilMs: number): string {
  switch (kind) {
    case 'idle':
      if (status?.unloaded) return l10n.t('Chorus: the model was unloaded and is loaded again when you type');
      return l10n.t('Chorus: the model starts with the first request');
    case 'starting':
      return l10n.t('Chorus: starting');
    case 'loading':
      return l10n.t('Chorus: loading the model, {0}', formatNumber(status?.loadProgress ?? 0, { style: 'percent' }));
    case 'ready':
      return l10n.t('Chorus: ready');
    case 'busy':
      return l10n.t('Chorus: computing');
    case 'off':
      return l10n.t('Chorus: ghost text is off');
    case 'languageOff':
      return l10n.t('Chorus: ghost text is off for this language');
    case 'snoozed':
      return l10n.t(
        'Chorus: ghost text is snoozed until {0}',
        new Date(snoozedUntilMs).toLocaleTimeString(currentLanguage(), { timeStyle: 'short' }),
      );
    case 'trouble':
      return status?.trouble
        ? `Chorus: ${localisedTrouble(status.trouble)}`
        : l10n.t('Chorus: the sidecar is not running');
  }
}

function adapterLines(adapters: SidecarStatus['adapters'] = []): string[] {
  const experts = adapters.reduce((sum, adapter) => sum + (adapter.isOwn ? adapter.experts : 0), 0);
  const chosen = adapters.filter(({ isOwn }) => !isOwn).map(({ name }) => name);
  return [
    ...(experts > 0 ? [l10n.t('Experts of the model: {0}', experts)] : []),
    ...(chosen.length > 0 ? [l10n.t('Adapters: {0}', chosen.join(', '))] : []),
  ];
}

function modelLines(status: SidecarStatus): string[] {
  const lines = [
    l10n.t(
      'Model: {0}',
      [status.modelName, status.architecture && `(${status.architecture})`].filter(Boolean).join(' '),
    ),
    ...adapterLines(status.adapters),
    l10n.t('Engine: {0}', status.engine ?? '–'),
    ...(status.engineLimits ?? []),
    l10n.t(
      'Device: {0}',
      [status.device ?? '–', status.threads && counted(l10n.t('one: {0} thread | other: {0} threads'), status.threads)]
        .filter(Boolean)
        .join(', '),
    ),
    ...(status.deviceReasons ?? []),
  ];
  if (status.contextSizeTokens !== undefined) {
    const counts = [status.contextUsedTokens ?? 0, status.contextSizeTokens].map((tokens) => formatNumber(tokens));
    const { contextKeptTokens } = status;
    const used =
      contextKeptTokens === undefined
        ? l10n.t('Context: {0} of {1} tokens', ...counts)
        : l10n.t('Context: {0} of {1} tokens, {2} kept in the cache', ...counts, formatNumber(contextKeptTokens));
    lines.push(status.cache === undefined ? used : `${used} (${status.cache})`);
  }
  if (status.tokensPerSecond !== undefined)
    lines.push(
      counted(
        l10n.t('one: Speed: {0} token per second | other: Speed: {0} tokens per second'),
        Math.round(status.tokensPerSecond),
      ),
    );
  if (status.memoryBytes !== undefined) lines.push(l10n.t('Memory: {0}', formatBytes(status.memoryBytes)));
  return lines;
}
