import type {
  CatalogueShelfEntry,
  LocalShelfEntry,
  ServerSettings,
  ShelfEntry,
  ShelfQuantisation,
} from '../../sidecar/protocol/client.ts';

/** The choices under "Choose Model…", by kind. */
export type ModelChoice =
  | LocalShelfEntry
  | { readonly kind: 'download'; readonly entry: CatalogueShelfEntry; readonly quantisation: ShelfQuantisation }
  | { readonly kind: 'browse' }
  | { readonly kind: 'import' }
  /** `chosen` is the server that answers now. */
  | { readonly kind: 'server'; readonly chosen?: ServerSettings };

/**
 * Returns a shelf's choices: present models, then downloads, then files and a server. Downloads begin with the
 * recommended ones and end with those that do not fit. Each group is sorted by size.
 */
export function choicesOf(entries: readonly ShelfEntry[], server?: ServerSettings): readonly ModelChoice[] {
  // While a server answers, no model on this machine is in use.
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
