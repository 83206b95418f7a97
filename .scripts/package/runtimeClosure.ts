/** Finds the files of `node_modules` that the engine loads at run time. */
import { build } from 'esbuild';
import path from 'node:path';

/**
 * The imports of the engine and of the microphone's process, and the files that node-llama-cpp reads or forks by path.
 */
const ENTRY_POINTS = [
  'node_modules/node-llama-cpp/dist/index.js',
  'node_modules/node-llama-cpp/dist/bindings/utils/testBindingBinary.js',
  'node_modules/koffi/index.js',
  'node_modules/@picovoice/pvrecorder-node/dist/index.js',
];
/** Packages that are chosen per platform, or loaded only if they are installed. */
const EXTERNAL = ['@node-llama-cpp/*', '@koromix/*', '@reflink/*', 'electron'];

/**
 * Returns the entry points and all files that they import (relative to `root`, with `/`). esbuild only follows the
 * imports. The files ship unbundled, because they find libraries by path. node-llama-cpp also runs one of its files
 * in a process.
 */
export async function runtimeClosure(root: string): Promise<readonly string[]> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: ENTRY_POINTS,
    external: EXTERNAL,
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // Node does not use the condition "module", which esbuild would follow by default.
    conditions: [],
    outdir: 'unused',
    logLevel: 'error',
  });
  return Object.keys(result.metafile.inputs).sort();
}

/**
 * Returns the folder of the package that contains `file` ("node_modules/a/node_modules/@b/c"), or undefined for a file
 * of this project.
 */
export function packageFolderOf(file: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file.split(path.sep).join('/'))?.[0];
}
