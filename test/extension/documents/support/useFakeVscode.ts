/**
 * After this import, later imports by `await import()` get the fake for `vscode`, which exists only in an extension
 * host, and the links of the fake's files.
 */
import { register } from 'node:module';

const urlOf = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);
const hooks = `
  export function resolve(specifier, context, next) {
    if (specifier === 'vscode') return next(${urlOf('./vscode.ts')}, context);
    const isAboutLinks = specifier === 'node:fs/promises' && context.parentURL?.endsWith('/extension/documents/linkTarget.ts');
    return next(isAboutLinks ? ${urlOf('./fakeRealPath.ts')} : specifier, context);
  }`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
