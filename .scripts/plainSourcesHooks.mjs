import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = process.env['CHORUS_TEST_SOURCES'];

/** Node calls this for every module. It returns the JavaScript of a TypeScript file of the project. */
export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
  const name = path.relative(root, fileURLToPath(url)).replace(/ts$/, 'js');
  return { format: 'module', source: await readFile(path.join(folder, name)), shortCircuit: true };
}
