import * as l10n from '@vscode/l10n';
import { formatNumber } from '../../l10n/currentLanguage.ts';
import type { LastGain } from './learningMemory.ts';

/** Returns how many held-out lines the model fills. */
export function heldOutLine({ lines, linesBefore, linesAfter }: LastGain): string {
  return l10n.t(
    'Held-out lines filled after learning: {0} of {1}, before: {2}',
    formatNumber(linesAfter),
    formatNumber(lines),
    formatNumber(linesBefore),
  );
}
