import { createRequire } from 'node:module';
import path from 'node:path';
import { EditWriter, type WriteRequest } from '../../../sidecar/completion/rewriting/editWriter.ts';
import type { ModelSession } from '../../../sidecar/engine/engine.ts';
import type { EditJournal } from '../../../sidecar/nextEdits/editJournal.ts';
import { breaksSyntax } from '../../../sidecar/nextEdits/rewriting/breaksSyntax.ts';
import { isSure, type Sureness } from '../../../sidecar/nextEdits/rewriting/rewriteGate.ts';
import type { SourceDocument, Suggestion, TextEdit } from '../../../sidecar/nextEdits/suggester.ts';
import { type NextEditsRequest, suggestNextEdits } from '../../../sidecar/nextEdits/suggestNextEdits.ts';
import { Trees } from '../../../sidecar/nextEdits/trees.ts';
import { SHOWN_CONFIDENCE } from '../../../sidecar/protocol/client.ts';
import { Grammars } from '../../../sidecar/syntax/grammars.ts';

export const grammars = new Grammars(path.dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm')));
const trees = new Trees(grammars);

/** A suggestion, and how sure the model was if it wrote it. */
export interface MadeSuggestion extends Suggestion {
  readonly sureness?: Sureness;
}

/** With this, every line that the model writes is a suggestion. Its sureness tells whether it would be shown. */
const ANY: Sureness = { leadNats: 0.5, gainNats: -Infinity, worstNats: Infinity };
const CLIENT = 'bench';

/** Makes the suggestions of one part of the bench, with a model or without. */
export class Suggesting {
  /** The product's times after edits for which the model was asked, and whether it suggested a change. */
  readonly asked: { readonly ms: number; readonly isShown: boolean }[] = [];
  /** Writes as the product does. */
  readonly #writer: EditWriter | undefined;
  /** Writes also what the product would not show. */
  readonly #unsureWriter: EditWriter | undefined;

  constructor(
    private readonly options: {
      readonly session?: ModelSession | undefined;
      /** The most edits for which the model is asked. */
      readonly sample?: number;
    } = {},
  ) {
    const { session } = options;
    this.#writer = session && new EditWriter({ session, limitMs: Infinity });
    this.#unsureWriter = session && new EditWriter({ session, least: ANY, limitMs: Infinity, most: Infinity });
  }

  /** Whether the model was asked as often as the sample allows. */
  get isOver(): boolean {
    return this.asked.length >= (this.options.sample ?? Infinity);
  }

  /** Returns the suggestions that would be shown. */
  async shown(...asked: Parameters<Suggesting['all']>): Promise<Awaited<ReturnType<Suggesting['all']>>> {
    const { suggestions, ms } = await this.all(...asked);
    return { suggestions: suggestions.filter(({ sureness }) => sureness === undefined || isSure(sureness)), ms };
  }

  /**
   * Returns the suggestions, also those of which the model is not sure. `documentsNaming` returns the other files of
   * the workspace in which a name occurs.
   */
  async all(
    journal: EditJournal,
    documents: readonly SourceDocument[],
    nowMs: number,
    documentsNaming: (name: string) => readonly SourceDocument[] = () => [],
  ): Promise<{ readonly suggestions: readonly MadeSuggestion[]; readonly ms: number }> {
    const startedAt = performance.now();
    const undone = Object.fromEntries(documents.map(({ uri }) => [uri, journal.undone(uri)]));
    const request = { edits: journal.recent(nowMs), documents, undone };
    const found = await suggestNextEdits(request, { trees, documentsNaming });
    const shown = found.filter(({ confidence }) => confidence >= SHOWN_CONFIDENCE);
    const suggestions = shown.length > 0 ? shown : await this.#written(request);
    return { suggestions, ms: performance.now() - startedAt };
  }

  async #written({ edits, documents }: NextEditsRequest): Promise<readonly MadeSuggestion[]> {
    let isAsked = false;
    const request: WriteRequest = {
      clientKey: CLIENT,
      edits,
      documents,
      onPlaces: () => (isAsked = true),
      breaksSyntax: (document, edit) => breaksSyntax(document, edit, { trees, workspace: CLIENT }),
    };
    const startedAt = performance.now();
    const shown = (await this.#writer?.write(request)) ?? [];
    if (!isAsked) return [];
    this.asked.push({ ms: performance.now() - startedAt, isShown: shown.length > 0 });
    const written = (await this.#unsureWriter?.write({ ...request, clientKey: `${CLIENT} unsure` })) ?? [];
    return written.map(({ uri, edit, sureness }) => ({
      uri,
      kind: 'model',
      confidence: SHOWN_CONFIDENCE,
      edits: [edit],
      sureness,
    }));
  }
}

/**
 * Returns the whole lines that an edit touches, with the edit made, without spaces at their ends. An edit that only
 * inserts whole lines touches no other.
 */
export function linesAfter(text: string, [start, end, inserted]: TextEdit): string {
  const isAtLineStart = start === 0 || text[start - 1] === '\n';
  if (start === end && isAtLineStart && inserted.endsWith('\n')) return inserted.trim();
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const next = text.indexOf('\n', end);
  return (text.slice(start === 0 ? 0 : from, start) + inserted + text.slice(end, next < 0 ? text.length : next)).trim();
}

/** Counts how often whole lines stand in a text. */
export function countOf(text: string, lines: string): number {
  return lines === '' ? 0 : text.split(lines).length - 1;
}

/** Returns a share in percent. */
export function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;
}
