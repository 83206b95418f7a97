import { ratioOfSums } from '../bundled/paired.ts';
import { signed } from '../signed.ts';
import { BASE_ARM, SINGLE_ARM } from './arms.ts';
import { DOMAINS, type Domain } from './domains.ts';
import type { TextScore } from './measureArm.ts';

/** The scores of an arm, over all seeds. */
export interface ArmScores {
  readonly name: string;
  readonly sizeBytes: number;
  readonly scores: Readonly<Record<Domain, readonly TextScore[]>>;
}

/** Returns a table of bits per byte and filled lines by domain. */
export function expertsTable(arms: readonly ArmScores[]): string {
  const [base, single] = [BASE_ARM, SINGLE_ARM].map((name) => arms.find((arm) => arm.name === name)) as [
    ArmScores,
    ArmScores,
  ];
  return [
    `| adapters | MB | ${DOMAINS.map((domain) => `${domain}: bits per byte, against the base, against one adapter, lines`).join(' | ')} |`,
    `|---|---:|${'---|'.repeat(DOMAINS.length)}`,
    ...arms.map(
      (arm) =>
        `| ${arm.name} | ${(arm.sizeBytes / 1e6).toFixed(1)} | ${DOMAINS.map((domain) => cell(arm, { base, single }, domain)).join(' | ')} |`,
    ),
  ].join('\n');
}

function cell(
  { scores }: ArmScores,
  { base, single }: { readonly base: ArmScores; readonly single: ArmScores },
  domain: Domain,
): string {
  const own = scores[domain];
  const against = (other: ArmScores): string => {
    const { mean, standardError } = ratioOfSums(
      own.map(({ nats }) => nats),
      other.scores[domain].map(({ nats }) => nats),
    );
    return `${signed(100 * mean, 1)} ± ${(100 * standardError).toFixed(1)} %`;
  };
  const sum = (key: keyof TextScore): number => own.reduce((total, score) => total + score[key], 0);
  const bits = sum('nats') / Math.LN2 / sum('bytes');
  return `${bits.toFixed(3)}, ${against(base)}, ${against(single)}, ${((100 * sum('filled')) / sum('lines')).toFixed(1)} %`;
}
