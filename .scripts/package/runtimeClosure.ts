/** Which files of `node_modules` the engine loads at run time. */
import { build } from 'esbuild';
import path from 'node:path';

/** What the engine and the microphone's process import, and what node-llama-cpp reads or forks by path. */
const ENTRY_POINTS = [
  'node_modules/node-llama-cpp/dist/index.js',
  'node_modules/node-llama-cpp/dist/bindings/utils/testBindingBinary.js',
  'node_modules/koffi/index.js',
  'node_modules/@picovoice/pvrecorder-node/dist/index.js',
];
/** Chosen per platform, or loaded only where they are installed. */
const EXTERNAL = ['@node-llama-cpp/*', '@koromix/*', '@reflink/*', 'electron'];

/**
 * Files (relative to `root`, with `/`) of these and everything they import. esbuild only follows the imports here: the
 * files ship as they are, because node-llama-cpp forks one of its own and finds its libraries by path.
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
    // Node knows no condition "module", which esbuild would follow by itself.
    conditions: [],
    outdir: 'unused',
    logLevel: 'error',
  });
  return Object.keys(result.metafile.inputs).sort();
}

/**
 * Folder of the package that holds `file` ("node_modules/a/node_modules/@b/c"), or undefined for a file of this
 * project.
 */
export function packageFolderOf(file: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file.split(path.sep).join('/'))?.[0];
}
