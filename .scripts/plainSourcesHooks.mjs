import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = process.env['CHORUS_TEST_SOURCES'];
const nodeLlamaCpp = path.join(process.env['CHORUS_TEST_BUNDLES'] ?? '', 'nodeLlamaCpp.mjs');
const bundleUrl = existsSync(nodeLlamaCpp) ? pathToFileURL(nodeLlamaCpp).href : undefined;

/** Node calls this for every import. It returns the bundle that the product imports in place of node-llama-cpp. */
export async function resolve(specifier, context, nextResolve) {
  const isOurs = specifier === 'node-llama-cpp' && context.parentURL?.endsWith('.ts');
  return isOurs && bundleUrl ? { url: bundleUrl, shortCircuit: true } : nextResolve(specifier, context);
}

/** Node calls this for every module. It returns the JavaScript of a TypeScript file of the project. */
export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
  const name = path.relative(root, fileURLToPath(url)).replace(/ts$/, 'js');
  return { format: 'module', source: await readFile(path.join(folder, name)), shortCircuit: true };
}
