/**
 * Bundles the shipped code into `dist/`, or into the folder after `--out`. `--watch` rebuilds on change. With
 * `--metafile FILE` it also writes the list of all bundled files, from which `.scripts/package.ts` gathers licences.
 */
import { build, context, type BuildOptions } from 'esbuild';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { builtLibraries } from '../kernels/native/builtLibraries.ts';
import { GRAMMARS } from '../sidecar/syntax/definitionShapes.ts';
import { asciiBundles } from './asciiBundles.ts';
import { extensionLibraries, useExtensionLibraries } from './extensionLibraries.ts';
import { NODE_LLAMA_CPP_BUNDLE, nodeLlamaCppBundle, useNodeLlamaCppBundle } from './nodeLlamaCpp.ts';
import { tablesAsJson } from './tablesAsJson.ts';
import { vscodeNames } from './vscodeNames.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { production, watch, out, metafile } = parseArgs({
  options: {
    production: { type: 'boolean', default: false },
    watch: { type: 'boolean', default: false },
    out: { type: 'string', default: 'dist' },
    metafile: { type: 'string' },
  },
}).values;
const outputFolder = path.resolve(root, out);

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  sourcemap: production ? false : 'linked',
  minify: production,
  logLevel: 'warning',
  legalComments: 'linked',
  metafile: metafile !== undefined,
  plugins: [tablesAsJson, asciiBundles],
};

/** CommonJS dependencies inside an ES module bundle call `require`. */
const requireBanner =
  "import { createRequire as chorusCreateRequire } from 'node:module'; const require = chorusCreateRequire(import.meta.url);";

function nodeModule(entry: string, outfile: string): BuildOptions {
  return { ...nodeOptions(outfile), entryPoints: [entry] };
}

function nodeOptions(outfile: string): BuildOptions {
  return {
    ...common,
    outfile: path.join(outputFolder, outfile),
    platform: 'node',
    target: 'node20',
    format: 'esm',
    banner: { js: requireBanner },
    plugins: [useNodeLlamaCppBundle, ...(common.plugins ?? [])],
    // These packages ship as files, since they load native libraries.
    external: ['koffi', '@picovoice/pvrecorder-node'],
  };
}

const extension: BuildOptions = {
  ...common,
  outfile: path.join(outputFolder, 'extension.cjs'),
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['vscode'],
};
const bundles: BuildOptions[] = [
  {
    ...extension,
    entryPoints: ['extension/main.ts'],
    plugins: [useExtensionLibraries, vscodeNames, ...(extension.plugins ?? [])],
    // The first line of the bundle, so that the extension can measure its load time.
    banner: { js: 'const chorusLoadStartMs = performance.now();' },
  },
  nodeModule('sidecar/front/main.ts', 'sidecar.mjs'),
  nodeModule('sidecar/engine/main.ts', 'engine.mjs'),
  nodeModule('sidecar/models/chatTemplate/main.ts', 'chatTemplate.mjs'),
  nodeModule('sidecar/dictation/microphone/main.ts', 'microphone.mjs'),
  nodeModule('sidecar/common/childProcess/main.ts', 'lifeline.mjs'),
  // tree-sitter's script finds its own path through variables that only CommonJS has.
  { ...nodeModule('sidecar/workspaceIndex/main.ts', 'context.cjs'), format: 'cjs', banner: {} },
  nodeModule('sidecar/workshop/main.ts', 'workshop.mjs'),
  nodeModule('sidecar/workshop/train/main.ts', 'train.mjs'),
  { ...nodeModule('sidecar/cli/main.ts', 'cli.mjs'), banner: { js: `#!/usr/bin/env node\n${requireBanner}` } },
  nodeModule('extension/uninstall.ts', 'uninstall.mjs'),
  {
    ...common,
    entryPoints: ['media/chat/main.ts'],
    outfile: path.join(outputFolder, 'media/chat.js'),
    platform: 'browser',
    target: 'chrome120',
    format: 'iife',
  },
];

const present = [
  ...bundles.filter((bundle) => (bundle.entryPoints as string[]).every((entry) => existsSync(path.join(root, entry)))),
  nodeLlamaCppBundle(nodeOptions(NODE_LLAMA_CPP_BUNDLE)),
  extensionLibraries(extension),
];
/** Copies tree-sitter and its grammars, which the index loads by path. */
async function copyGrammars(): Promise<void> {
  const folder = path.join(outputFolder, 'grammars');
  await mkdir(folder, { recursive: true });
  const files = ['tree-sitter.wasm', ...GRAMMARS.map((grammar) => `tree-sitter-${grammar}.wasm`)];
  await Promise.all(
    files.map((file) =>
      copyFile(path.join(root, 'node_modules/@vscode/tree-sitter-wasm/wasm', file), path.join(folder, file)),
    ),
  );
}

/** Copies the libraries of our own kernels, which the engine loads by path. */
async function copyKernels(): Promise<void> {
  const folder = path.join(outputFolder, 'kernels');
  await mkdir(folder, { recursive: true });
  await Promise.all(
    Object.values(builtLibraries).map(({ file }) =>
      copyFile(path.join(root, 'kernels/native/built', file), path.join(folder, file)),
    ),
  );
}

if (watch) {
  await copyGrammars();
  await copyKernels();
  for (const bundle of present) await (await context(bundle)).watch();
} else {
  await rm(outputFolder, { recursive: true, force: true });
  const results = await Promise.all(present.map((bundle) => build(bundle)));
  await copyGrammars();
  await copyKernels();
  const inputs = new Set(results.flatMap((result) => Object.keys(result.metafile?.inputs ?? {})));
  if (metafile !== undefined) await writeFile(metafile, JSON.stringify({ inputs: [...inputs].sort() }));
}
