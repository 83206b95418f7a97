import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { readPackages } from '../../../.scripts/bundledModel/packages.ts';
import { REST_MS } from '../../../extension/completion/restTimes.ts';
import { Random } from '../../../sidecar/workshop/train/random.ts';
import { packageFolder, sourceFiles } from '../completion/places.ts';
import type { Change, Recording, Rest } from '../recording.ts';
import { shuffled } from '../shuffled.ts';

/** The lines that are typed at one place, and the minimum number of lines before them. */
const TYPED_LINES = 5;
const MIN_LINES_BEFORE = 15;
/** The gap between places, in which the machine may read ahead. */
const GAP_MS = 15_000;
/**
 * The median interval between keystrokes. The intervals of practised typists average 239 ms, with a long tail (Dhakal
 * et al., "Observations on Typing from 136 Million Keystrokes", 2018). A log-normal distribution has that mean.
 */
const MEDIAN_INTERVAL_MS = 210;
const INTERVAL_SIGMA = 0.5;
/** The pause before a new line. */
const LINE_PAUSE_MS = 1_200;
/**
 * The time from the click on a place to the first keystroke there: the median of the recorded person (`recording.ts`).
 */
const CLICK_MS = 355;

/**
 * Returns an artificial recording over a real package that no model here was trained on. At `places` of its files,
 * drawn by the seed, some lines are removed and typed again, character by character. Line breaks come with their
 * indentation, as editors insert it. Throws if the package is not in the corpus.
 */
export async function packageTrace(
  name: string,
  { places, seed }: { readonly places: number; readonly seed: number },
): Promise<Recording> {
  const packages = (await readPackages()).filter(({ heldOut }) => heldOut);
  const found = packages.find((each) => each.name === name);
  if (found === undefined)
    throw new Error(
      `--package needs a held-out package of the corpus, such as ${packages
        .slice(0, 3)
        .map((each) => each.name)
        .join(', ')}; got "${name}".`,
    );
  const folder = packageFolder(found);
  const files = await sourceFiles(folder);
  const documents = new Map(
    await Promise.all(
      files.map(
        async (file) => [file, (await readFile(path.join(folder, file), 'utf8')).replaceAll('\r\n', '\n')] as const,
      ),
    ),
  );
  return traceOf(documents, { places, seed });
}

/** Returns such a recording over any documents. */
export function traceOf(
  texts: ReadonlyMap<string, string>,
  { places, seed }: { readonly places: number; readonly seed: number },
): Recording {
  const random = new Random(seed);
  const documents = new Map(texts);
  const changes: Change[] = [];
  const rests: Rest[] = [];
  let timeMs = 0;
  const files = shuffled([...texts.keys()], seed).flatMap((file) => {
    const hole = holeOf((texts.get(file) as string).split('\n'), random);
    return hole === undefined ? [] : [{ file, ...hole }];
  });
  for (const [documentId, { file, before, typed, after }] of files.slice(0, places).entries()) {
    documents.set(file, before + after);
    timeMs += GAP_MS;
    let [version, written] = [1, ''];
    for (const piece of typed.match(/\n[ \t]*|[^\n]/g) ?? []) {
      const start = before.length + written.length;
      written += piece;
      timeMs +=
        MEDIAN_INTERVAL_MS * Math.exp(INTERVAL_SIGMA * random.normal()) + (piece.startsWith('\n') ? LINE_PAUSE_MS : 0);
      if (start === before.length)
        rests.push({ timeMs: timeMs - CLICK_MS + REST_MS, path: file, text: before + after, cursor: start });
      changes.push({
        timeMs,
        documentId,
        path: file,
        version: version++,
        edit: [[start, start, piece]],
        text: before + written + after,
        cursor: start + piece.length,
        accepted: false,
      });
    }
  }
  return { documents, changes, rests, fetches: [] };
}

/** Returns lines to remove: after other lines, beginning with code, none of them blank. */
function holeOf(
  lines: readonly string[],
  random: Random,
): { before: string; typed: string; after: string } | undefined {
  const starts = lines.flatMap((_, line) => {
    const block = lines.slice(line, line + TYPED_LINES);
    const isCode = /^\s*[\p{L}_$]/u.test(block[0] ?? '') && !/^\s*(?:import|from|export \{)/.test(block[0] ?? '');
    return line >= MIN_LINES_BEFORE &&
      isCode &&
      block.length === TYPED_LINES &&
      block.every((each) => each.trim() !== '')
      ? [line]
      : [];
  });
  const start = starts[random.below(Math.max(1, starts.length))];
  if (start === undefined) return undefined;
  const indentation = /^\s*/.exec(lines[start] as string)?.[0] ?? '';
  const before = [...lines.slice(0, start), indentation].join('\n');
  const typed = lines
    .slice(start, start + TYPED_LINES)
    .join('\n')
    .slice(indentation.length);
  return { before, typed, after: ['', ...lines.slice(start + TYPED_LINES)].join('\n') };
}
