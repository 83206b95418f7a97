import { readFile } from 'node:fs/promises';
import type { Outcome, SmallSettings } from './smallModels.ts';

/** What the published page of a bench says of its models. */
export interface Published {
  readonly sweep: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Outcomes of each seed by the name of what was trained. */
  readonly bySeed: readonly Readonly<Record<string, Outcome>>[];
}

const nothing: Published = { sweep: {}, bySeed: [] };

/** Models that were published with these very settings need no training again where only another one is added, on whatever machine. */
export async function published(page: string, settings: SmallSettings): Promise<Published> {
  const text = await readFile(new URL(`../../../docs/results/${page}.json`, import.meta.url), 'utf8').catch(() => undefined);
  if (text === undefined) return nothing;
  const { figures } = JSON.parse(text) as { readonly figures: Published & { readonly settings: SmallSettings } };
  return JSON.stringify(figures.settings) === JSON.stringify(settings) ? figures : nothing;
}
