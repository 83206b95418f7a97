import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { corpusFolder } from '../../../.scripts/bundledModel/corpus.ts';
import { readInfillingProblems } from '../humanEval.ts';
import { shuffled } from '../shuffled.ts';
import { LANGUAGES, type GapLanguage } from './gapLanguages.ts';
import { tellingLines } from './tellingLines.ts';

const LANGUAGE_IDS = Object.keys(LANGUAGES) as GapLanguage[];

export type GapGroup = 'HumanEval' | `${(typeof LANGUAGES)[GapLanguage]['name']} ${'lines' | 'spans'}`;
export const GAP_GROUPS: readonly GapGroup[] = [
  'HumanEval',
  ...LANGUAGE_IDS.flatMap((id) => [`${LANGUAGES[id].name} lines`, `${LANGUAGES[id].name} spans`] as const),
];

/** A line, or the rest of one, that was removed from a file. */
export interface Gap {
  readonly id: string;
  readonly group: GapGroup;
  readonly languageId: GapLanguage;
  readonly path: string;
  readonly prefix: string;
  /** The text after the gap, from its line break on. */
  readonly suffix: string;
  readonly expected: string;
}

/** Separate draws of files, and of lines in them. */
const DRAWS = { report: { seed: 1, salt: '' }, development: { seed: 7, salt: 'development ' } } as const;
const DEVELOPMENT_LINES = 80;
/** The length of the text around the gap, more than any prompt uses. */
const WINDOW_UNITS = 8_000;

/**
 * Returns the gaps of the report: HumanEval's, and a fixed sample of the held-out packages. Throws if the corpus was
 * not made.
 */
export async function readGaps(): Promise<readonly Gap[]> {
  const humanEval = (await readInfillingProblems()).map(({ task_id, prompt, suffix, canonical_solution }): Gap => ({
    id: task_id,
    group: 'HumanEval',
    languageId: 'python',
    path: 'sample.py',
    prefix: prompt,
    suffix: `\n${suffix}`,
    expected: canonical_solution.trimEnd(),
  }));
  return [...humanEval, ...(await Promise.all(LANGUAGE_IDS.map(heldOutGaps))).flat()];
}

async function heldOutGaps(languageId: GapLanguage): Promise<readonly Gap[]> {
  const packages = await heldOutFiles(languageId);
  const { seed, salt } = DRAWS.report;
  const { name, ...counts } = LANGUAGES[languageId];
  const lines = sampleOf(packages, counts.lines, seed).map((file) =>
    lineGap(file, { languageId, group: `${name} lines`, salt }),
  );
  const spans = sampleOf(packages, counts.spans, seed + 1).map((file) =>
    spanGap(file, { languageId, group: `${name} spans`, salt }),
  );
  return [...(await Promise.all(lines)), ...(await Promise.all(spans))].filter((gap) => gap !== undefined);
}

/** Returns other lines of the same packages, for the choice of recipes. Throws if the corpus was not made. */
export async function readDevelopmentGaps(): Promise<readonly Gap[]> {
  const { seed, salt } = DRAWS.development;
  const linesOf = async (languageId: GapLanguage): Promise<readonly (Gap | undefined)[]> =>
    Promise.all(
      sampleOf(await heldOutFiles(languageId), DEVELOPMENT_LINES, seed).map((file) =>
        lineGap(file, { languageId, group: `${LANGUAGES[languageId].name} lines`, salt }),
      ),
    );
  return (await Promise.all(LANGUAGE_IDS.map(linesOf))).flat().filter((gap) => gap !== undefined);
}

/** Returns the files of each held-out package of a domain, ordered by name. */
export function heldOutFiles(domain: string): Promise<readonly (readonly string[])[]> {
  return corpusFiles('held-out', domain);
}

export type CorpusPart = 'held-out' | 'training';

/**
 * Returns the files of each package of a domain, packages and files ordered by name. Throws if the corpus was not made.
 */
export async function corpusFiles(part: CorpusPart, domain: string): Promise<readonly (readonly string[])[]> {
  const folder = path.join(corpusFolder(), 'texts', part, domain);
  const packages = await readdir(folder).catch((error: unknown) => {
    throw new Error(`${folder} is missing. Make the corpus first: npx tsx .scripts/bundledModel/corpus.ts`, {
      cause: error,
    });
  });
  return Promise.all(
    packages.sort().map(async (name) => {
      const entries = await readdir(path.join(folder, name), { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(entry.parentPath, entry.name))
        .sort();
    }),
  );
}

/** Returns files of all packages in turn, so that a large package counts no more than a small one. */
export function sampleOf(packages: readonly (readonly string[])[], count: number, seed: number): readonly string[] {
  const orders = packages.map((files, index) => shuffled(files, seed * 1_000 + index));
  const sample: string[] = [];
  for (let round = 0; sample.length < count && orders.some((files) => files.length > round); round++) {
    for (const files of orders)
      if (files[round] !== undefined && sample.length < count) sample.push(files[round] as string);
  }
  return sample;
}

interface Drawn extends Pick<Gap, 'languageId' | 'group'> {
  readonly salt: string;
}

async function lineGap(file: string, { languageId, group, salt }: Drawn): Promise<Gap | undefined> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  const index = tellingLine(lines, { languageId, seed: seedOf(file, salt) });
  return index === undefined ? undefined : gapOf(file, { languageId, group, lines, index, column: 0 });
}

/** The gap from a place inside a line to its end. */
async function spanGap(file: string, { languageId, group, salt }: Drawn): Promise<Gap | undefined> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  const index = tellingLine(lines, { languageId, seed: seedOf(`${file} span`, salt) });
  if (index === undefined) return undefined;
  const line = lines[index] as string;
  const first = line.search(/\S/) + 2;
  const columns = Array.from({ length: line.trimEnd().length - 3 - first }, (_, offset) => first + offset);
  const column = shuffled(columns, seedOf(`${file} column`, salt))[0];
  return column === undefined ? undefined : gapOf(file, { languageId, group, lines, index, column });
}

/** Returns an informative line, chosen by the seed. */
function tellingLine(
  lines: readonly string[],
  { languageId, seed }: { readonly languageId: GapLanguage; readonly seed: number },
): number | undefined {
  return shuffled(tellingLines(lines, languageId), seed)[0];
}

function gapOf(
  file: string,
  {
    languageId,
    group,
    lines,
    index,
    column,
  }: { languageId: Gap['languageId']; group: GapGroup; lines: readonly string[]; index: number; column: number },
): Gap {
  const line = lines[index] as string;
  const before = [...lines.slice(0, index), line.slice(0, column)].join('\n');
  const after = `\n${lines.slice(index + 1).join('\n')}`;
  const inCorpus = path
    .relative(path.join(corpusFolder(), 'texts', 'held-out'), file)
    .split(path.sep)
    .join('/');
  return {
    id: `${group} ${inCorpus}:${index + 1}:${column}`,
    group,
    languageId,
    path: inCorpus,
    prefix: before.slice(-WINDOW_UNITS),
    suffix: after.slice(0, WINDOW_UNITS),
    expected: line.slice(column).trimEnd(),
  };
}

function seedOf(text: string, salt: string): number {
  const name =
    salt +
    text
      .slice(text.indexOf(`held-out${path.sep}`))
      .split(path.sep)
      .join('/');
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
