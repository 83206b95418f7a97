/**
 * Lets Node run the project's TypeScript from the JavaScript that `plainSources.ts` made of it. So no test file's
 * process starts a transpiler. `CHORUS_TEST_SOURCES` names the folder.
 */
import { register } from 'node:module';

process.setSourceMapsEnabled(true);
register('./plainSourcesHooks.mjs', import.meta.url);
