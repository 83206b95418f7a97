import type { BuildOptions, Plugin } from 'esbuild';

const BUNDLE = 'extensionLibraries.cjs';
/** The packages that the extension needs only with its sidecar. */
const PACKAGES = [
  'execa',
  'proper-lockfile',
  'semver/functions/parse.js',
  'vscode-jsonrpc/node',
  'vscode-languageclient/node',
  'ws',
];

/**
 * Takes these packages from a bundle of their own, at their first use. They are most of the extension's code, and a
 * window would parse them at its start.
 */
export const useExtensionLibraries: Plugin = {
  name: 'use-extension-libraries',
  setup: (build) => {
    const filter = new RegExp(`^(${PACKAGES.map((name) => name.replaceAll('.', '\\.')).join('|')})$`);
    build.onResolve({ filter }, ({ path }) => ({ path, namespace: BUNDLE }));
    build.onResolve({ filter: new RegExp(`^\\./${BUNDLE}$`) }, ({ path }) => ({ path, external: true }));
    build.onLoad({ filter: /./, namespace: BUNDLE }, ({ path }) => ({
      contents: `module.exports = require('./${BUNDLE}')[${JSON.stringify(path)}];`,
    }));
  },
};

/** Returns the options for the bundle of the packages, each of which runs at its first use. */
export function extensionLibraries(options: BuildOptions): BuildOptions {
  const getters = PACKAGES.map((name) => `get ${JSON.stringify(name)}() { return require(${JSON.stringify(name)}); }`);
  return {
    ...options,
    stdin: { contents: `module.exports = { ${getters.join(', ')} };`, resolveDir: options.absWorkingDir ?? '.' },
    outfile: options.outfile?.replace(/[^\\/]+$/, BUNDLE) ?? BUNDLE,
  };
}
