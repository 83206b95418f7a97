import type { Plugin } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const NAMESPACE = 'vscode-names';
const TYPES = createRequire(import.meta.url).resolve('@types/vscode/index.d.ts');

/**
 * Imports VS Code's names one by one. Otherwise each module of the bundle copies VS Code's whole interface at the start
 * of a window.
 */
export const vscodeNames: Plugin = {
  name: NAMESPACE,
  setup: (build) => {
    build.onResolve({ filter: /^vscode$/ }, ({ namespace }) =>
      namespace === NAMESPACE ? { path: 'vscode', external: true } : { path: 'vscode', namespace: NAMESPACE },
    );
    build.onLoad({ filter: /./, namespace: NAMESPACE }, async () => {
      const types = await readFile(TYPES, 'utf8');
      const declared = types.matchAll(/^\texport (?:abstract )?(?:class|namespace|enum|const|let|function) (\w+)/gm);
      const names = [...new Set([...declared].map(([, name]) => name))];
      return {
        // Unused names leave the bundle.
        contents: `const api = require('vscode');
${names.map((name) => `export const ${name} = /* @__PURE__ */ (() => api.${name})();`).join('\n')}`,
      };
    });
  },
};
