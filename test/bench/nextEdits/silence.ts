import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { EditJournal } from '../../../sidecar/nextEdits/editJournal.ts';
import { languageIdOf } from '../../../sidecar/syntax/languageIds.ts';
import { shuffled } from '../shuffled.ts';
import type { Suggesting } from './suggesting.ts';

const MAX_UNITS = 60_000;

/** Edits after which nothing follows. Each returns the place and the new text, if the text has such a place. */
const EDITS: readonly (readonly [name: string, place: RegExp, change: (found: string) => string])[] = [
  ['a number', /(?<![\w.])\d+(?![\w.])/g, (found) => String(Number(found) + 1)],
  ['a comment line', /^ *(?=const )/gm, (indentation) => `${indentation}// Seen before.\n${indentation}`],
  ['an empty line', /\n(?= *return )/g, () => '\n\n'],
  ['a statement', /^ *(?=return )/gm, (indentation) => `${indentation}log('done');\n${indentation}`],
  ['a removed comment', /^ *\/\/ .*\n/gm, () => ''],
];

/** Makes edits after which nothing follows in sources of the project. Returns how many had a suggestion, by edit. */
export async function runSilence(
  root: string,
  places: number,
  suggesting: Suggesting,
): Promise<ReadonlyMap<string, { places: number; shown: number }>> {
  const files = execFileSync('git', ['ls-files', 'sidecar/*.ts', 'extension/*.ts'], { cwd: root, encoding: 'utf8' })
    .trim()
    .split('\n');
  const counts = new Map(EDITS.map(([name]) => [name, { places: 0, shown: 0 }]));
  let made = 0;
  for (const [index, file] of shuffled(files, 1).entries()) {
    if (made >= places) break;
    const text = readFileSync(path.join(root, file), 'utf8');
    const [name, place, change] = EDITS[index % EDITS.length] as (typeof EDITS)[number];
    const found = [...text.matchAll(place)];
    const match = found[Math.floor(found.length / 2)];
    if (match === undefined || text.length > MAX_UNITS) continue;
    const replacement = { start: match.index, end: match.index + match[0].length, text: change(match[0]) };
    const journal = new EditJournal();
    journal.record(file, text, [replacement], 1);
    const after = text.slice(0, replacement.start) + replacement.text + text.slice(replacement.end);
    const document = { uri: file, path: file, languageId: languageIdOf(file), text: after };
    const { suggestions } = await suggesting.shown(journal, [document], 1);
    const count = counts.get(name);
    if (count) count.places++;
    if (count && suggestions.length > 0) count.shown++;
    made++;
  }
  return counts;
}
