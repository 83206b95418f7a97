/** Bundles everything that ships into `dist/`. `--watch` rebuilds on change. */
import { build, context, type BuildOptions } from 'esbuild';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const production = process.argv.includes('--production');
const watch = process.argv.includes('--watch');

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  sourcemap: production ? false : 'linked',
  minify: production,
  logLevel: 'warning',
  legalComments: 'linked',
};

/** CommonJS dependencies inside an ES module bundle ask for `require`. */
const requireBanner = "import { createRequire as chorusCreateRequire } from 'node:module'; const require = chorusCreateRequire(import.meta.url);";

function nodeModule(entry: string, outfile: string): BuildOptions {
  return {
    ...common,
    entryPoints: [entry],
    outfile,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    banner: { js: requireBanner },
    // node-llama-cpp forks files of its own and loads native libraries: it ships as files.
    external: ['node-llama-cpp', 'koffi'],
  };
}

const bundles: BuildOptions[] = [
  {
    ...common,
    entryPoints: ['extension/main.ts'],
    outfile: 'dist/extension.cjs',
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['vscode'],
  },
  nodeModule('sidecar/server/main.ts', 'dist/sidecar.mjs'),
  nodeModule('sidecar/engine/main.ts', 'dist/engine.mjs'),
  { ...nodeModule('sidecar/cli/main.ts', 'dist/cli.mjs'), banner: { js: `#!/usr/bin/env node\n${requireBanner}` } },
  nodeModule('extension/uninstall.ts', 'dist/uninstall.mjs'),
  {
    ...common,
    entryPoints: ['media/chat/main.ts'],
    outfile: 'dist/media/chat.js',
    platform: 'browser',
    target: 'chrome120',
    format: 'iife',
  },
];

const present = bundles.filter((bundle) => (bundle.entryPoints as string[]).every((entry) => existsSync(path.join(root, entry))));
if (watch) {
  for (const bundle of present) await (await context(bundle)).watch();
} else {
  await rm(path.join(root, 'dist'), { recursive: true, force: true });
  await Promise.all(present.map((bundle) => build(bundle)));
}
