import type {
  CatalogueShelfEntry,
  LocalModel,
  ServerSettings,
  ShelfEntry,
  ShelfQuantisation,
} from '../../sidecar/protocol/client.ts';

/** What can be picked under "Choose Model…", by kind. */
export type ModelChoice =
  | { readonly kind: 'local'; readonly model: LocalModel; readonly isChosen: boolean; readonly isRemovable: boolean }
  | { readonly kind: 'download'; readonly entry: CatalogueShelfEntry; readonly quantisation: ShelfQuantisation }
  | { readonly kind: 'browse' }
  | { readonly kind: 'import' }
  /** `chosen`: the one that answers now. */
  | { readonly kind: 'server'; readonly chosen?: ServerSettings };

/**
 * The choices that a shelf offers: what is here; then what can be downloaded, the recommended first, what does not fit
 * last, each group by size; then files, and a server.
 */
export function choicesOf(entries: readonly ShelfEntry[], server?: ServerSettings): readonly ModelChoice[] {
  // Where a server answers, no model of this machine does.
  const local = entries
    .filter((entry) => entry.kind === 'local')
    .map((entry) => ({ ...entry, isChosen: entry.isChosen && server === undefined }));
  const catalogue = entries.filter((entry) => entry.kind === 'catalogue');
  const downloads = catalogue.flatMap((entry) =>
    entry.quantisations
      .filter(({ state }) => state !== 'present')
      .map((quantisation) => ({ kind: 'download' as const, entry, quantisation })),
  );
  const rank = ({ quantisation }: { readonly quantisation: ShelfQuantisation }): number =>
    quantisation.isRecommended ? 0 : quantisation.plan.fit === 'none' ? 2 : 1;
  downloads.sort((a, b) => rank(a) - rank(b) || a.quantisation.sizeBytes - b.quantisation.sizeBytes);
  return [...local, ...downloads, { kind: 'browse' }, { kind: 'import' }, { kind: 'server', chosen: server }];
}
