/**
 * The Node options with which a process of a test runs the project's TypeScript: from the JavaScript that `npm test`
 * wrote, or else by a transpiler.
 */
export const SOURCE_OPTIONS: readonly string[] = [
  '--import',
  process.env['CHORUS_TEST_SOURCES'] === undefined
    ? import.meta.resolve('tsx')
    : new URL('../.scripts/plainSources.mjs', import.meta.url).href,
];
