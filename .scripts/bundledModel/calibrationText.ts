/** Makes a text that resembles the bundled model's use: alternating pieces of code and prose in all languages. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { CODE_DOMAINS } from './packages.ts';
import { PROSE_LANGUAGES } from './vocabularyTexts.ts';

const TURNS = 4;
/** The number and length of pieces per language in each round. Most of the work is code. */
const CODE = { pieces: 2, characters: 800 };
const PROSE = { pieces: 1, characters: 500 };

/**
 * Returns text from files evenly spread through each folder of training texts below `folder`. Starts at a third of each
 * file, since beginnings are imports and licences.
 */
export async function calibrationText(folder: string): Promise<string> {
  const kinds = [
    ...CODE_DOMAINS.map((domain) => ({ texts: path.join(folder, domain), ...CODE })),
    ...PROSE_LANGUAGES.map((language) => ({ texts: path.join(folder, 'prose', language), ...PROSE })),
  ];
  const all = await Promise.all(
    kinds.map(async ({ texts, pieces, characters }) => ({
      pieces,
      texts: await piecesOf(texts, { count: TURNS * pieces, characters }),
    })),
  );
  const turns = Array.from({ length: TURNS }, (_, turn) =>
    all.flatMap(({ pieces, texts }) => texts.slice(turn * pieces, (turn + 1) * pieces)),
  );
  return `${turns.flat().join('\n\n')}\n`;
}

async function piecesOf(
  folder: string,
  { count, characters }: { readonly count: number; readonly characters: number },
): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
  if (files.length === 0) throw new Error(`${folder} holds no texts.`);
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const text = await readFile(files[Math.floor(((index + 0.5) * files.length) / count)]!, 'utf8');
      const start = Math.floor(text.length / 3);
      // Cuts half characters at both ends.
      return text.slice(start, start + characters).replace(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/g, '');
    }),
  );
}
