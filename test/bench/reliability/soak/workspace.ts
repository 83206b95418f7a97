import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { TextDocument, type TextDocumentContentChangeEvent } from 'vscode-languageserver-textdocument';
import { repositoryRoot } from '../../report.ts';
import type { Random } from '../fuzz/random.ts';
import type { DidChangeTextDocumentParams, Position, TextDocumentItem } from 'vscode-languageserver-protocol';

const FILES = 12;
const LARGEST_UNITS = 1_500;

/** Returns small real sources by name. */
export async function sourceTexts(): Promise<ReadonlyMap<string, string>> {
  const folder = path.join(repositoryRoot, 'sidecar', 'completion', 'postprocess');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ts')).slice(0, FILES);
  return new Map(
    await Promise.all(
      names.map(
        async (name) => [name, (await readFile(path.join(folder, name), 'utf8')).slice(0, LARGEST_UNITS)] as const,
      ),
    ),
  );
}

/** Returns a user's files by URI. Each begins with the user's mark, which no other user may receive. */
export function workspaceOf(user: string, sources: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map(
    [...sources].map(([name, text]) => [
      `file:///soak/${user}/src/${name}`,
      `const owner = '${markOf(user)}';\n${text}`,
    ]),
  );
}

export const markOf = (user: string): string => `OwnedBy${user}`;

/** An open document, edited as an editor does. */
export class EditedDocument {
  #document: TextDocument;
  /** The typing position in UTF-16 units. */
  cursor: number;

  constructor(
    readonly uri: string,
    text: string,
  ) {
    this.#document = TextDocument.create(uri, 'typescript', 1, text);
    this.cursor = text.length;
  }

  get text(): string {
    return this.#document.getText();
  }

  get item(): TextDocumentItem {
    return { uri: this.uri, languageId: 'typescript', version: this.#document.version, text: this.text };
  }

  get position(): Position {
    return this.#document.positionAt(this.cursor);
  }

  /** Returns the change for text that is typed at the cursor. */
  insert(text: string): DidChangeTextDocumentParams {
    const at = this.#document.positionAt(this.cursor);
    this.cursor += text.length;
    return this.#change([{ range: { start: at, end: at }, text }]);
  }

  /** Returns the changes that replace a word everywhere, the last place first, as editors do. */
  replaceAll(word: string, by: string): DidChangeTextDocumentParams {
    const places = [...this.text.matchAll(new RegExp(`\\b${word}\\b`, 'g'))].map(({ index }) => index).reverse();
    const changes = places.map((at) => ({
      range: { start: this.#document.positionAt(at), end: this.#document.positionAt(at + word.length) },
      text: by,
    }));
    const change = this.#change(changes);
    this.cursor = this.text.length;
    return change;
  }

  /** Moves the cursor to the end of a line, most often the last one. */
  moveCursor(random: Random): void {
    const lines = this.text.split('\n');
    const line = random.once(2) ? lines.length - 1 : random.below(lines.length);
    this.cursor = this.#document.offsetAt({ line, character: lines[line]?.length ?? 0 });
  }

  #change(contentChanges: TextDocumentContentChangeEvent[]): DidChangeTextDocumentParams {
    this.#document = TextDocument.update(this.#document, contentChanges, this.#document.version + 1);
    return { textDocument: { uri: this.uri, version: this.#document.version }, contentChanges };
  }
}
