/**
 * After this import, a session imported by `await import()` gets the fake language client, since the real one needs an
 * extension host.
 */
import { register } from 'node:module';

const url = new URL('./languageClient.ts', import.meta.url).href;
const hooks = `export const resolve = (specifier, context, next) => next(specifier === './languageClient.ts' ? ${JSON.stringify(url)} : specifier, context);`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
