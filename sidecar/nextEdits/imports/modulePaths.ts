import type { SourceDocument } from '../suggester.ts';

const ENDING = /\.[cm]?[jt]sx?$/;

/** Whether a file holds tests or examples, from which other code imports nothing. */
export function isTestFile(path: string): boolean {
  return /(?:^|\/)(?:tests?|__tests__|specs?|testing|fixtures?|mocks?|__mocks__|benchmarks?|bench|examples?)\/|[._-](?:test|spec|bench)\.\w+$|(?:^|\/)(?:test_[^/]*|conftest)\.py$/.test(
    path,
  );
}

/** Returns the path that a relative specifier of a file names. `undefined`: it is outside of the workspace. */
export function resolvedPath(path: string, specifier: string): string | undefined {
  const segments = path.split('/').slice(0, -1);
  for (const part of specifier.split('/'))
    if (part !== '..') {
      if (part !== '.') segments.push(part);
    } else if (segments.pop() === undefined) return undefined;
  return segments.join('/');
}

/** Returns a path without its ending, and without the file that stands for its folder. */
export function modulePath(path: string): string {
  return path.replace(ENDING, '').replace(/(?:^|\/)index$/, '');
}

/** Returns how many folders two files share. */
export function sharedFolders(one: string, other: string): number {
  const [own, its] = [one.split('/').slice(0, -1), other.split('/').slice(0, -1)];
  let shared = 0;
  while (shared < own.length && own[shared] === its[shared]) shared++;
  return shared;
}

/** Returns the relative specifier of a file, with an ending if the sample of other specifiers has one. */
export function relativeSpecifier(path: string, from: string, samples: readonly string[]): string {
  const up = path.split('/').length - 1 - sharedFolders(path, from);
  const relative = `${up === 0 ? './' : '../'.repeat(up)}${from.split('/').slice(sharedFolders(path, from)).join('/')}`;
  const ending = samples
    .map((sample) => /^\.{1,2}\/.*(\.[cm]?[jt]sx?)$/.exec(sample)?.[1])
    .find((found) => found !== undefined);
  const bare = relative.replace(ENDING, '');
  if (ending === undefined) return bare.replace(/(?<=[^./])\/index$/, '');
  return /^\.[cm]?js/.test(ending) || !ENDING.test(relative) ? `${bare}${ending}` : relative;
}

/** Returns the name of a Python file as a module, in its parts. Folders up to one of sources are no part of it. */
export function pythonModule(path: string): string[] {
  const parts = path.replace(/\.pyi?$/, '').split('/');
  return parts.slice(parts.lastIndexOf('src', parts.length - 2) + 1).filter((part) => part !== '__init__');
}

/** Whether an import can name a Python module: each part of its name is an identifier. */
export function isPythonModule(parts: readonly string[]): boolean {
  return parts.length > 0 && parts.every((part) => /^[\p{L}_][\p{L}\p{N}_]*$/u.test(part));
}

/** Returns the whole name of a module that a Python file imports. */
export function absoluteModule({ path }: SourceDocument, specifier: string): string {
  const [, dots = '', rest = ''] = /^(\.*)(.*)$/.exec(specifier) ?? [];
  if (dots === '') return specifier;
  const folder = packageOf(path);
  return [...folder.slice(0, folder.length - dots.length + 1), ...rest.split('.').filter((part) => part !== '')].join(
    '.',
  );
}

/**
 * Returns how a Python file names a module of its package: relative if its other imports are, or if the import of
 * another file is (`sample`).
 */
export function pythonSpecifier({ path, text }: SourceDocument, module: string, sample = ''): string {
  const [folder, target] = [packageOf(path), module.split('.')];
  const isRelative = sample.startsWith('.') || /^[ \t]*from[ \t]+\./m.test(text);
  if (folder[0] !== target[0] || folder.length === 0 || !isRelative) return module;
  let shared = 0;
  while (shared < folder.length && folder[shared] === target[shared]) shared++;
  return `${'.'.repeat(folder.length - shared + 1)}${target.slice(shared).join('.')}`;
}

function packageOf(path: string): string[] {
  const parts = pythonModule(path);
  return /(?:^|\/)__init__\.pyi?$/.test(path) ? parts : parts.slice(0, -1);
}

/** Returns the package of a Java file, or an empty text. */
export function javaPackageOf(text: string): string {
  return /^package\s+([\w.]+)\s*;/m.exec(text)?.[1] ?? '';
}
