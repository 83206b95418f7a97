import type { CatalogueShelfEntry, ShelfQuantisation } from '../protocol/client.ts';

/** One quantisation of one model. */
export interface Candidate {
  readonly entry: CatalogueShelfEntry;
  readonly quantisation: ShelfQuantisation;
}

/**
 * What to take first: the largest model that fills in the middle, answers questions, may be used for work and is quick
 * on one device of this machine; where none is, the quickest of these. `undefined` where none fits.
 */
export function recommended(entries: readonly CatalogueShelfEntry[]): Candidate | undefined {
  const suited = entries.filter(
    ({ completesInTheMiddle, answers, licence }) => completesInTheMiddle && answers && licence.commercialUse,
  );
  const fitting = suited.flatMap((entry) =>
    entry.quantisations
      .filter(({ plan }) => plan.fit !== 'none')
      .map((quantisation): Candidate => ({ entry, quantisation })),
  );
  // What two devices share writes quickly at times, but reads prompts as slowly as the slower one.
  const quick = fitting.filter(({ quantisation: { plan } }) => plan.speed === 'quick' && plan.fit !== 'shared');
  // Of one model the quantisation that its catalogue names first.
  const largest = quick.reduce<Candidate | undefined>(
    (best, candidate) => (best && best.entry.parameters >= candidate.entry.parameters ? best : candidate),
    undefined,
  );
  return largest ?? [...fitting].sort((a, b) => speedOf(b) - speedOf(a))[0];
}

function speedOf({ quantisation }: Candidate): number {
  return quantisation.plan.tokensPerSecond ?? 0;
}
