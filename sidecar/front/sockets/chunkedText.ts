import type { Position } from 'vscode-languageserver-protocol';

/**
 * An edit copies a few chunks. A chunk is small beside a document, yet large enough to keep the search for a line
 * short.
 */
const CHUNK_UNITS = 2 * 1024;

interface Chunk {
  readonly text: string;
  readonly lineBreaks: number;
}

interface Place {
  readonly chunk: number;
  readonly offset: number;
}

/**
 * A text for many edits in any order. An edit copies only the chunks around it, not the whole text. Positions count
 * UTF-16 units and are limited to the ends of lines and of the text, as in `TextDocument`. No chunk ends within a
 * `\r\n`.
 */
export class ChunkedText {
  /** The number of UTF-16 units that edits have copied so far. */
  copiedUnits = 0;
  #chunks: Chunk[];

  constructor(text: string) {
    this.#chunks = chunksOf(text);
  }

  /** Replaces the text between two positions, in whichever order they come, by `text`. */
  replace(range: { readonly start: Position; readonly end: Position }, text: string): void {
    const [start, end] = isBefore(range.end, range.start) ? [range.end, range.start] : [range.start, range.end];
    const [from, to] = [this.#find(start), this.#find(end)];
    // Includes a neighbour on each side. So a `\r` and a `\n` that meet are joined, and small chunks are merged.
    const [first, last] = [Math.max(0, from.chunk - 1), Math.min(this.#chunks.length - 1, to.chunk + 1)];
    const before = this.#textOf(first, from.chunk) + (this.#chunks[from.chunk]?.text.slice(0, from.offset) ?? '');
    const after = (this.#chunks[to.chunk]?.text.slice(to.offset) ?? '') + this.#textOf(to.chunk + 1, last + 1);
    const chunks = chunksOf(before + text + after);
    this.copiedUnits += before.length + text.length + after.length;
    if (chunks.length < 1_000) this.#chunks.splice(first, last + 1 - first, ...chunks);
    else this.#chunks = [...this.#chunks.slice(0, first), ...chunks, ...this.#chunks.slice(last + 1)];
  }

  /** Returns the text with all edits. */
  toString(): string {
    return this.#textOf(0, this.#chunks.length);
  }

  #textOf(start: number, end: number): string {
    return this.#chunks
      .slice(start, end)
      .map(({ text }) => text)
      .join('');
  }

  #find({ line, character }: Position): Place {
    const start = this.#findLine(line);
    let { chunk, offset } = start;
    for (let left = character; left > 0; chunk++, offset = 0) {
      const { text, lineBreaks } = this.#chunks[chunk] ?? { text: '', lineBreaks: 0 };
      const lineEnd = lineBreaks === 0 ? -1 : indexOfBreak(text, offset);
      const end = lineEnd < 0 ? text.length : lineEnd;
      if (offset + left <= end || lineEnd >= 0 || chunk >= this.#chunks.length - 1)
        return { chunk, offset: Math.min(offset + left, end) };
      left -= text.length - offset;
    }
    return { chunk, offset };
  }

  /** Returns the start of a line, or the end of the text if there are fewer lines. */
  #findLine(line: number): Place {
    let left = line;
    if (left <= 0) return { chunk: 0, offset: 0 };
    for (let chunk = 0; chunk < this.#chunks.length; chunk++) {
      const { text, lineBreaks } = this.#chunks[chunk] as Chunk;
      if (left <= lineBreaks) {
        let offset = 0;
        for (; left > 0; left--) offset = afterBreak(text, indexOfBreak(text, offset));
        return { chunk, offset };
      }
      left -= lineBreaks;
    }
    const last = this.#chunks.length - 1;
    return { chunk: last, offset: this.#chunks[last]?.text.length ?? 0 };
  }
}

/** Whether position `a` comes before position `b`. */
function isBefore(a: Position, b: Position): boolean {
  return a.line < b.line || (a.line === b.line && a.character < b.character);
}

/** Splits a text into chunks, at least one. */
function chunksOf(text: string): Chunk[] {
  const chunks: Chunk[] = [];
  for (let start = 0; start < text.length || chunks.length === 0;) {
    let end = Math.min(text.length, start + CHUNK_UNITS);
    if (text[end - 1] === '\r' && text[end] === '\n') end++;
    const part = text.slice(start, end);
    chunks.push({ text: part, lineBreaks: part.match(/\r\n|\r|\n/g)?.length ?? 0 });
    start = end;
  }
  return chunks;
}

/** Returns the index of the first line break from `start` on, or -1. */
function indexOfBreak(text: string, start: number): number {
  for (let index = start; index < text.length; index++) if (text[index] === '\n' || text[index] === '\r') return index;
  return -1;
}

function afterBreak(text: string, index: number): number {
  return index + (text.startsWith('\r\n', index) ? 2 : 1);
}
