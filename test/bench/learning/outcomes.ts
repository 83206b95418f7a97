import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { writeWhole } from '../../../sidecar/common/writeWhole.ts';
import type { FillScore } from '../../../sidecar/learning/measureFills.ts';
import { repositoryRoot, type Origin } from '../report.ts';

/** What a prompt has beside the document, and whether the expert is there. */
export const ARMS = ['base', 'base + context', 'expert', 'expert + context'] as const;
export type Arm = (typeof ARMS)[number];

/** A repository that was learnt. */
export interface LearningOutcome extends Origin {
  readonly repository: string;
  /** The date of its first commit. Models know public code that is older than themselves. Absent: it has no history. */
  readonly begun?: string;
  readonly model: string;
  readonly trainedTokens: number;
  readonly trainingMinutes: number;
  readonly files: { readonly training: number; readonly heldOut: number };
  /** The scores of the same windows by arm. */
  readonly fills: Readonly<Record<Arm, readonly FillScore[]>>;
  /** Nats per token of code that belongs to no repository. */
  readonly general: { readonly natsBefore: number; readonly natsAfter: number };
}

const OUTCOMES_FILE = path.join(repositoryRoot, 'docs', 'results', 'learning.outcomes.json');

export async function readOutcomes(): Promise<readonly LearningOutcome[]> {
  try {
    return JSON.parse(await readFile(OUTCOMES_FILE, 'utf8')) as readonly LearningOutcome[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Adds an outcome. It replaces that of the same repository, model and number of tokens. */
export async function addOutcome(outcome: LearningOutcome): Promise<void> {
  const keyOf = ({ repository, model, trainedTokens }: LearningOutcome): string =>
    JSON.stringify([repository, model, trainedTokens]);
  const others = (await readOutcomes()).filter((each) => keyOf(each) !== keyOf(outcome));
  const all = [...others, outcome].sort((one, other) => keyOf(one).localeCompare(keyOf(other)));
  await writeWhole(OUTCOMES_FILE, `[\n${all.map((each) => JSON.stringify(each)).join(',\n')}\n]\n`);
}
