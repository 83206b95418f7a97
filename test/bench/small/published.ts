import { readFile } from 'node:fs/promises';
import { VERSION, type Outcome, type SmallSettings } from './smallModels.ts';

/** The results of a bench's models on its published page. */
export interface Published {
  readonly sweep: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** The outcomes of each seed by the name of the training. */
  readonly bySeed: readonly Readonly<Record<string, Outcome>>[];
}

export const nothingPublished: Published = { sweep: {}, bySeed: [] };

/**
 * Returns the published results with the same settings. If only another model is added, the published ones need no
 * training again, on any machine.
 */
export async function published(page: string, settings: SmallSettings): Promise<Published> {
  const text = await readFile(new URL(`../../../docs/results/${page}.json`, import.meta.url), 'utf8').catch(
    () => undefined,
  );
  if (text === undefined) return nothingPublished;
  const { figures } = JSON.parse(text) as {
    readonly figures: Published & { readonly settings: SmallSettings; readonly version: number };
  };
  return figures.version === VERSION && JSON.stringify(figures.settings) === JSON.stringify(settings)
    ? figures
    : nothingPublished;
}
