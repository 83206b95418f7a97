import type { BuildOptions, Plugin } from 'esbuild';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** The name of the bundle that holds the used part of node-llama-cpp. */
export const NODE_LLAMA_CPP_BUNDLE = 'nodeLlamaCpp.mjs';
const PACKAGE = /[\\/]node_modules[\\/]node-llama-cpp[\\/]dist[\\/]/;
const BINARY_TEST = /[\\/]node-llama-cpp[\\/]dist[\\/]bindings[\\/]utils[\\/]testBindingBinary\.js$/;

/** Imports the bundle in place of the package. Node needs half a second to load the package's 500 files. */
export const useNodeLlamaCppBundle: Plugin = {
  name: 'use-node-llama-cpp-bundle',
  setup: (build) => {
    build.onResolve({ filter: /^node-llama-cpp$/ }, () => ({ path: `./${NODE_LLAMA_CPP_BUNDLE}`, external: true }));
  },
};

/**
 * Bundles the names that Chorus uses. Two things differ from the package:
 *
 * - Each module finds files beside its original file, which ships too: libraries, and a module that a process runs.
 * - No process tests the binary of the processor's build first, which takes another half second. It is made for every
 *   processor, and a library that does not fit this system fails with an error. Drivers of GPUs can end a process.
 */
const usedParts: Plugin = {
  name: 'used-parts',
  setup: (build) => {
    build.onLoad({ filter: PACKAGE }, async ({ path: file }) => {
      const [, fromDist = ''] = file.split(PACKAGE);
      const ownUrl = `new URL(${JSON.stringify(fromDist.split(path.sep).join('/'))}, import.meta.resolve('node-llama-cpp')).href`;
      const code = (await readFile(file, 'utf8')).replaceAll('import.meta.url', ownUrl);
      return { contents: BINARY_TEST.test(file) ? withoutTestOfProcessor(code) : code, loader: 'js' };
    });
  },
};

/** Throws if the package's function has another head. */
function withoutTestOfProcessor(code: string): string {
  const head = /export async function testBindingBinary\(bindingBinaryPath, extBackendsPath, gpu,[^{]*\{/.exec(code);
  if (!head) throw new Error('testBindingBinary of node-llama-cpp has another head. Adapt .scripts/nodeLlamaCpp.ts.');
  return code.replace(head[0], `${head[0]}\n    if (gpu === false) return true;`);
}

/** Adds the used part to options for any module. */
export function nodeLlamaCppBundle(options: BuildOptions): BuildOptions {
  const names = [
    'getLlama',
    'InsufficientMemoryError',
    'LlamaGrammarEvaluationState',
    'LlamaLogLevel',
    'NoBinaryFoundError',
    'TokenBias',
  ];
  return {
    ...options,
    stdin: { contents: `export { ${names.join()} } from 'node-llama-cpp';`, resolveDir: options.absWorkingDir ?? '.' },
    minify: true,
    external: ['@node-llama-cpp/*', '@reflink/*', 'electron'],
    plugins: [usedParts, ...(options.plugins ?? []).filter((plugin) => plugin !== useNodeLlamaCppBundle)],
  };
}
