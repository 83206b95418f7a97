import * as l10n from '@vscode/l10n';
import { currentLanguage, formatNumber } from '../../l10n/currentLanguage.ts';
import type { Refusal } from '../../sidecar/protocol/learning.ts';
import { formatBytes } from '../status/statusView.ts';
import { heldOutLine } from './heldOutLine.ts';
import type { LearntStatus } from './readLearntStatus.ts';

/** Returns what was learnt from a folder as readable lines. */
export function learntLines({ expert, rejected, isUnfinished }: LearntStatus): readonly string[] {
  const unfinished = isUnfinished ? [l10n.t('A pass has begun. It will be continued.')] : [];
  if (!expert) return [l10n.t('Nothing has been learnt from this folder yet.'), ...unfinished];
  const { files, trainedTokens, heldOut, general, endedMs, bytes } = expert;
  return [
    ...(endedMs === undefined ? [] : [l10n.t('Learnt: {0}', time(endedMs))]),
    l10n.t('Files: {0}, tokens: {1}', formatNumber(files), formatNumber(trainedTokens)),
    heldOutLine(heldOut),
    l10n.t('Nats per token of held-out code: {0}, before: {1}', nats(heldOut.natsAfter), nats(heldOut.natsBefore)),
    l10n.t('Nats per token of general code: {0}, before: {1}', nats(general.natsAfter), nats(general.natsBefore)),
    useOf(expert),
    ...(rejected ? [l10n.t('The last pass, {0}, did not help: {1}', time(rejected.endedMs), reasonOf(rejected))] : []),
    l10n.t('Size of the expert: {0}', formatBytes(bytes)),
    ...unfinished,
  ];
}

function useOf(expert: NonNullable<LearntStatus['expert']>): string {
  if (!expert.fitsModel) return l10n.t('The expert belongs to another model, so completions do not use it.');
  return expert.adopted
    ? l10n.t('Completions use the expert.')
    : l10n.t('Completions do not use the expert: {0}', reasonOf(expert));
}

/** Why an expert is not used. The reasons of older records are in English. */
function reasonOf({ refusal, reason = '–' }: { readonly refusal?: Refusal; readonly reason?: string }): string {
  switch (refusal) {
    case 'few-places':
      return l10n.t('The folder has too few files to tell whether learning helps.');
    case 'held-out-code':
      return l10n.t('Held-out code is not clearly likelier than before.');
    case 'held-out-lines':
      return l10n.t('Not clearly more held-out lines are filled than before.');
    case 'general-code':
      return l10n.t('General code suffers too much.');
    default:
      return reason;
  }
}

function time(ms: number): string {
  return new Date(ms).toLocaleString(currentLanguage(), { dateStyle: 'medium', timeStyle: 'short' });
}

function nats(value: number): string {
  return formatNumber(value, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
}
