import type { LearnResult } from '../../../learning/learnWorkspace.ts';
import type { LearntStatus } from '../../../learning/learntStatus.ts';
import { formatBytes, printFields } from '../../output.ts';

type Field = readonly [name: string, ...values: (string | undefined)[]];

/** Prints the outcome of a pass. */
export function printResult(result: LearnResult, expertFile: string): void {
  printFields([['Learnt', `${result.trainedTokens} tokens`], ...figures(result), ['Expert', expertFile]]);
}

/** Prints what was learnt so far. */
export function printStatus({ expert, rejected, isUnfinished }: LearntStatus, expertFile: string): void {
  const unfinished: Field = ['Unfinished pass', isUnfinished ? 'yes' : 'no'];
  if (!expert) return printFields([['Learnt', 'nothing'], unfinished]);
  const { files, trainedTokens, bytes, endedMs, fitsModel } = expert;
  printFields([
    ['Learnt', `${trainedTokens} tokens of ${files} files`],
    ['On', endedMs === undefined ? undefined : new Date(endedMs).toISOString()],
    ...figures(expert),
    ['Last pass', rejected && `${new Date(rejected.endedMs).toISOString()}, not adopted: ${rejected.reason}`],
    ['Expert', expertFile, `${formatBytes(bytes)}${fitsModel ? '' : ', for another model'}`],
    unfinished,
  ]);
}

function figures({
  heldOut,
  general,
  adopted,
  reason,
}: Pick<LearnResult, 'heldOut' | 'general' | 'adopted' | 'reason'>): readonly Field[] {
  const { files, natsBefore, natsAfter, lines, linesBefore, linesAfter } = heldOut;
  const change = (after: number, before: number): string => `${(100 * (after / before - 1)).toFixed(1)} %`;
  return [
    [
      `Held-out files (${files})`,
      `${natsBefore.toFixed(3)} nats per token before, ${natsAfter.toFixed(3)} after (${change(natsAfter, natsBefore)})`,
      `${linesBefore} of ${lines} lines filled before, ${linesAfter} after`,
    ],
    ['General code', `${change(general.natsAfter, general.natsBefore)} nats per token`],
    ['Adopted', adopted ? 'yes' : `no: ${reason ?? ''}`],
  ];
}
