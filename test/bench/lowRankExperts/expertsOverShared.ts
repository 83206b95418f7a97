import { existsSync } from 'node:fs';
import path from 'node:path';
import { reduceRank } from '../../../.scripts/bundledModel/reduceRank.ts';
import { DOMAINS, type Domain, type DomainText } from './domains.ts';
import { trainAdapter, type AdapterTraining } from './trainAdapter.ts';

/** A shared adapter with half of the bytes, and an expert of each domain over it with the rest. */
export interface ExpertsOverShared {
  /** The single adapter after its texts a second time: as many tokens as shared adapter and experts together. */
  readonly all: string;
  readonly shared: string;
  readonly byDomain: Readonly<Record<Domain, string>>;
}

/** `rank`: that of an expert without a shared adapter. `all`: the single adapter, with the rank of all experts. */
export interface OverSharedTraining extends Omit<AdapterTraining, 'name' | 'texts'> {
  readonly all: string;
  readonly texts: readonly DomainText[];
  readonly byDomain: Readonly<Record<Domain, readonly DomainText[]>>;
}

/**
 * Trains experts over a shared adapter, as far as earlier runs did not. The shared adapter is the best approximation of
 * the single one with half of its rank. It is trained further for each domain. Its change becomes the expert.
 */
export async function trainOverShared({ all, rank, ...training }: OverSharedTraining): Promise<ExpertsOverShared> {
  const { folder, byDomain, texts, tokens } = training;
  const rankOfAll = DOMAINS.length * rank;
  const shared = path.join(folder, 'shared.gguf');
  if (!existsSync(shared)) await reduceRank(all, shared, { rank: rankOfAll / 2, name: 'shared' });
  const experts: [Domain, string][] = [];
  for (const domain of DOMAINS) {
    const tuned = await trainAdapter({
      ...training,
      name: `${domain} from shared`,
      rank: rankOfAll / 2,
      from: shared,
      texts: byDomain[domain],
    });
    const expert = path.join(folder, `${domain} over shared.gguf`);
    if (!existsSync(expert)) await reduceRank(tuned, expert, { rank: rank / 2, name: domain, minus: shared });
    experts.push([domain, expert]);
  }
  const twice = { ...training, name: 'all twice', rank: rankOfAll, from: all, texts, tokens: DOMAINS.length * tokens };
  return {
    all: await trainAdapter(twice),
    shared,
    byDomain: Object.fromEntries(experts) as Record<Domain, string>,
  };
}
