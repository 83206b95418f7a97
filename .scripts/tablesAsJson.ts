import type { Plugin } from 'esbuild';
import { pathToFileURL } from 'node:url';

/**
 * Bundles the tables of the language detector as JSON. Compiling them as an object literal of 2 MiB took 84 MiB, which
 * the process never freed. `JSON.parse` needs little more memory than its result.
 */
export const tablesAsJson: Plugin = {
  name: 'tables-as-json',
  setup: (build) => {
    build.onLoad({ filter: /[\\/]eld[\\/]src[\\/]ngrams[\\/]\w+\.js$/ }, async ({ path }) => {
      const { ngramsData } = (await import(pathToFileURL(path).href)) as { readonly ngramsData: unknown };
      return {
        contents: `export const ngramsData = JSON.parse(${JSON.stringify(JSON.stringify(ngramsData))});`,
        loader: 'js',
      };
    });
  },
};
