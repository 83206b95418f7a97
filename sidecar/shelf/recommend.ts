import type { CatalogueShelfEntry, ShelfQuantisation } from '../protocol/client.ts';

/** A quantisation of a model. */
export interface Candidate {
  readonly entry: CatalogueShelfEntry;
  readonly quantisation: ShelfQuantisation;
}

/**
 * Returns the recommended model: the largest that fills in the middle, answers questions, allows commercial use and is
 * quick on one device of this machine. If none is quick, the quickest of them. `undefined` if none fits.
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
  // A model on two devices may write quickly, but reads prompts at the speed of the slower device.
  const quick = fitting.filter(({ quantisation: { plan } }) => plan.speed === 'quick' && plan.fit !== 'shared');
  // Of a model's quantisations, the catalogue's first.
  const largest = quick.reduce<Candidate | undefined>(
    (best, candidate) => (best && best.entry.parameters >= candidate.entry.parameters ? best : candidate),
    undefined,
  );
  return largest ?? [...fitting].sort((a, b) => speedOf(b) - speedOf(a))[0];
}

function speedOf({ quantisation }: Candidate): number {
  return quantisation.plan.tokensPerSecond ?? 0;
}
