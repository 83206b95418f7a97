/** A text like those that the bundled model is for: pieces of the texts that it was trained on, domains in turn. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** What each domain gives a turn; prose is in many languages. */
const SHARES = { typescript: 1, javascript: 1, python: 1, prose: 2 } as const;
const TURNS = 20;
const PIECE_CHARACTERS = 800;

/** From files evenly through each domain's folder below `folder`, and of each from a third of it on: beginnings are imports and licences. */
export async function calibrationText(folder: string): Promise<string> {
  const domains = await Promise.all(Object.entries(SHARES).map(async ([domain, share]) => piecesOf(path.join(folder, domain), TURNS * share)));
  const shares = Object.values(SHARES);
  const turns = Array.from({ length: TURNS }, (_, turn) => domains.flatMap((pieces, domain) => pieces.slice(turn * shares[domain]!, (turn + 1) * shares[domain]!)));
  return `${turns.flat().join('\n\n')}\n`;
}

async function piecesOf(folder: string, count: number): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name)).sort();
  if (files.length === 0) throw new Error(`${folder} holds no texts.`);
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const text = await readFile(files[Math.floor(((index + 0.5) * files.length) / count)]!, 'utf8');
      const start = Math.floor(text.length / 3);
      // A whole character at both ends.
      return text.slice(start, start + PIECE_CHARACTERS).replace(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/g, '');
    }),
  );
}
