/** Once imported, what is imported later with `await import()` gets the fake for `vscode`, which only an extension host has. */
import { register } from 'node:module';

const url = new URL('./vscode.ts', import.meta.url).href;
const hooks = `export const resolve = (specifier, context, next) => next(specifier === 'vscode' ? ${JSON.stringify(url)} : specifier, context);`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
