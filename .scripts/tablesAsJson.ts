import type { Plugin } from 'esbuild';
import { pathToFileURL } from 'node:url';

/**
 * Bundles the tables of the language detector as JSON. As an object literal of 2 MiB they took 84 MiB to compile, which
 * the process kept ever after; `JSON.parse` takes next to nothing beside what it makes.
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
