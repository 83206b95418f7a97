import * as l10n from '@vscode/l10n';
import type * as vscode from 'vscode';
import { formatNumber } from '../../l10n/currentLanguage.ts';
import type { ContextResult, ContextSnippet, LastCompletion } from '../../sidecar/protocol/client.ts';

/** A list item that links to a place, or runs a command. */
export interface PlaceItem extends vscode.QuickPickItem {
  readonly place?: { readonly uri: string; readonly line: number };
  readonly command?: string;
}

/** Returns the model's context besides the document, in the order of the prompt. */
export function contextItems({ snippets }: ContextResult): PlaceItem[] {
  if (snippets.length === 0) return [{ label: l10n.t('Only the document itself') }];
  return snippets.map((snippet): PlaceItem => ({
    label: `$(${snippet.evaluated ? 'check' : 'clock'}) ${snippet.path}:${snippet.lines[0] + 1}-${snippet.lines[1] + 1}`,
    description: `${reasonText(snippet.reason)}; ${l10n.t('Tokens: {0}', formatNumber(snippet.tokens))}`,
    detail: snippet.evaluated ? l10n.t('The model has read it') : l10n.t('The model reads it when you pause'),
    place: { uri: snippet.uri, line: snippet.lines[0] },
  }));
}

/** Returns what was learnt from the workspace, and what learning does now. None if there is neither. */
export function learningItems(lines: readonly string[]): PlaceItem[] {
  if (lines.length === 0) return [];
  return [
    {
      label: `$(mortar-board) ${l10n.t('What Was Learnt')}`,
      detail: lines.join('; '),
      command: 'chorus.learning.show',
    },
  ];
}

/** Returns one line for above the list: the used share of the budget, and the number of indexed workspace files. */
export function contextTitle({ index, budgetTokens, plannedTokens }: ContextResult): string {
  return `${l10n.t('Context: {0} of {1} tokens', formatNumber(plannedTokens), formatNumber(budgetTokens))}; ${l10n.t('Files of the workspace: {0}', formatNumber(index.files))}`;
}

/** Returns the origin of the names in the last completion, and its cost. */
export function whyItems(last: LastCompletion): PlaceItem[] {
  const names = last.names.map(({ name, uri, path, line }): PlaceItem => ({
    label: `$(symbol-reference) ${name}`,
    description: `${path}:${line + 1}`,
    place: { uri, line },
  }));
  return [
    { label: `$(quote) ${shortened(last.text)}` },
    ...(names.length > 0 ? names : [{ label: l10n.t('All its names come from this document or from the model') }]),
    {
      label: l10n.t(
        'Tokens of this document: {0}, of other files: {1}',
        formatNumber(last.documentTokens),
        formatNumber(last.contextTokens),
      ),
      description: l10n.t(
        'Tokens read before: {0}, read for this completion: {1}',
        formatNumber(last.reusedTokens),
        formatNumber(last.evaluatedTokens),
      ),
    },
  ];
}

function reasonText(reason: ContextSnippet['reason']): string {
  switch (reason) {
    case 'imported':
      return l10n.t('imported here');
    case 'defines':
      return l10n.t('defines a name that is used here');
    case 'similar':
      return l10n.t('similar code');
    case 'tested':
      return l10n.t('tests this, or is tested here');
    case 'open':
      return l10n.t('open in a tab');
    case 'edited':
      return l10n.t('edited recently');
  }
}

function shortened(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}
