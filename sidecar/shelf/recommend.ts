import type { CatalogueShelfEntry, ShelfQuantisation } from '../protocol/client.ts';

/** A quantisation of a model. */
export interface Candidate {
  readonly entry: CatalogueShelfEntry;
  readonly quantisation: ShelfQuantisation;
}

/** The parameters of the model that the bundled one was made of. The bundled one fills more lines and is faster. */
export const BUNDLED_PARENT_PARAMETERS = 494e6;

/**
 * Returns the model that is worth a download: the largest that fills in the middle, answers questions, allows
 * commercial use and is quick on one device of this machine. If none is quick, the quickest of them. `undefined` if
 * none fits.
 *
 * Where the bundled model is present (`hasBundled`), only a larger model that is quick is worth a download.
 */
export function recommended(
  entries: readonly CatalogueShelfEntry[],
  { hasBundled }: { readonly hasBundled: boolean },
): Candidate | undefined {
  const suited = entries.filter(
    ({ completesInTheMiddle, answers, licence, parameters }) =>
      completesInTheMiddle &&
      answers &&
      licence.commercialUse &&
      !(hasBundled && parameters <= BUNDLED_PARENT_PARAMETERS),
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
  if (largest !== undefined || hasBundled) return largest;
  return [...fitting].sort((a, b) => speedOf(b) - speedOf(a))[0];
}

function speedOf({ quantisation }: Candidate): number {
  return quantisation.plan.tokensPerSecond ?? 0;
}
