/**
 * Once imported, what is imported later with `await import()` gets the fake for `vscode`, which only an extension host
 * has, and links of the fake's files.
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
