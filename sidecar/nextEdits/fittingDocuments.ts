import type { SourceDocument } from './suggester.ts';

/** Returns the documents that fit into `maxUnits` together, the first ones first. One that does not fit is left out. */
export function fittingDocuments(documents: readonly SourceDocument[], maxUnits: number): SourceDocument[] {
  let rest = maxUnits;
  return documents.filter(({ text }) => {
    if (text.length > rest) return false;
    rest -= text.length;
    return true;
  });
}
