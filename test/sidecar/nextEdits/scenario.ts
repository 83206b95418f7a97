import { createRequire } from 'node:module';
import path from 'node:path';
import { EditJournal } from '../../../sidecar/nextEdits/editJournal.ts';
import type { QuickFix, SourceDocument, Suggestion } from '../../../sidecar/nextEdits/suggester.ts';
import { suggestNextEdits } from '../../../sidecar/nextEdits/suggestNextEdits.ts';
import { Trees } from '../../../sidecar/nextEdits/trees.ts';
import { Grammars } from '../../../sidecar/syntax/grammars.ts';
import { languageIdOf } from '../../../sidecar/syntax/languageIds.ts';

const grammars = new Grammars(path.dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm')));

interface Mark {
  readonly start: number;
  readonly removed: string;
  readonly inserted: string;
}

/** Files by path. `«old|new»` marks an edit; edits are made in the order of the files and texts. */
export type MarkedFiles = Readonly<Record<string, string>>;

export interface Outcome {
  readonly suggestions: readonly Suggestion[];
  /** The texts after the edits. */
  readonly texts: ReadonlyMap<string, string>;
  /** The texts with all suggestions of the wanted kind applied. */
  readonly after: Readonly<Record<string, string>>;
}

/** Makes the marked edits, one after the other, and asks for suggestions. */
export async function edited(
  files: MarkedFiles,
  { kind, fixes }: { readonly kind?: Suggestion['kind']; readonly fixes?: readonly QuickFix[] } = {},
): Promise<Outcome> {
  const journal = new EditJournal();
  const documents: SourceDocument[] = [];
  let timeMs = 0;
  for (const [file, marked] of Object.entries(files)) {
    const { text: first, marks } = withoutMarks(marked);
    let text = first;
    let shift = 0;
    for (const { start, removed, inserted } of marks) {
      const at = start + shift;
      journal.record(file, text, [{ start: at, end: at + removed.length, text: inserted }], (timeMs += 1_000));
      text = text.slice(0, at) + inserted + text.slice(at + removed.length);
      shift += inserted.length - removed.length;
    }
    documents.push({ uri: file, path: file, languageId: languageIdOf(file), text });
  }
  const suggestions = await suggestNextEdits(
    { edits: journal.recent(timeMs), documents, fixes },
    { trees: new Trees(grammars), limitMs: Infinity },
  );
  const wanted = suggestions.filter((suggestion) => kind === undefined || suggestion.kind === kind);
  const changed = wanted.map(({ uri }) => uri);
  const texts = new Map(documents.map(({ uri, text }) => [uri, text]));
  return {
    suggestions,
    texts,
    after: Object.fromEntries([...new Set(changed)].map((uri) => [uri, applied(texts.get(uri) ?? '', wanted, uri)])),
  };
}

function withoutMarks(marked: string): { readonly text: string; readonly marks: readonly Mark[] } {
  const marks: Mark[] = [];
  let text = '';
  let at = 0;
  for (const { 0: whole, 1: removed = '', 2: inserted = '', index } of marked.matchAll(/«([^|»]*)\|([^»]*)»/g)) {
    text += marked.slice(at, index);
    marks.push({ start: text.length, removed, inserted });
    text += removed;
    at = index + whole.length;
  }
  return { text: text + marked.slice(at), marks };
}

function applied(text: string, suggestions: readonly Suggestion[], uri: string): string {
  const edits = suggestions.filter((suggestion) => suggestion.uri === uri).flatMap((suggestion) => suggestion.edits);
  let result = text;
  for (const [start, end, inserted] of [...edits].sort((one, other) => other[0] - one[0]))
    result = result.slice(0, start) + inserted + result.slice(end);
  return result;
}
