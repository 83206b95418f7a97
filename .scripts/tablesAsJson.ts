import type { Plugin } from 'esbuild';
import { pathToFileURL } from 'node:url';

interface Tables {
  /** For each group of letters, its weight in each language, by the number of the language. */
  readonly ngrams: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/**
 * Bundles the tables of the language detector as JSON. Compiling them as an object literal of 2 MiB took 84 MiB, which
 * the process never freed. `JSON.parse` needs little more memory than its result.
 *
 * A group's weights are a text, from which an object is made when the detector looks the group up. Objects with numbers
 * as keys take 230 bytes each, and there are 82,000.
 */
export const tablesAsJson: Plugin = {
  name: 'tables-as-json',
  setup: (build) => {
    build.onLoad({ filter: /[\\/]eld[\\/]src[\\/]ngrams[\\/]\w+\.js$/ }, async ({ path }) => {
      const { ngramsData } = (await import(pathToFileURL(path).href)) as { readonly ngramsData: Tables };
      const texts = Object.fromEntries(
        Object.entries(ngramsData.ngrams).map(([group, weights]) => [
          group,
          Object.entries(weights)
            .map((pair) => pair.join(':'))
            .join(),
        ]),
      );
      const json = JSON.stringify({ ...ngramsData, ngrams: texts });
      return {
        contents: `
          const { ngrams: texts, ...others } = JSON.parse(${JSON.stringify(json)});
          const weights = (text) => Object.fromEntries(text.split(',').map((pair) => pair.split(':').map(Number)));
          const get = (_, group) => (Object.hasOwn(texts, group) ? weights(texts[group]) : undefined);
          export const ngramsData = { ...others, ngrams: new Proxy({}, { get }) };`,
        loader: 'js',
      };
    });
  },
};
