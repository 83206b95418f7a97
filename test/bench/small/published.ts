import { readFile } from 'node:fs/promises';
import { VERSION, type Outcome, type SmallSettings } from './smallModels.ts';

/** What the published page of a bench says of its models. */
export interface Published {
  readonly sweep: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Outcomes of each seed by the name of what was trained. */
  readonly bySeed: readonly Readonly<Record<string, Outcome>>[];
}

export const nothingPublished: Published = { sweep: {}, bySeed: [] };

/**
 * Models that were published in this way, with these very settings, need no training again where only another one is
 * added, on whatever machine.
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
