import { type Export, exportOf } from '../exports.ts';
import type { SourceDocument } from '../suggester.ts';
import { globalNames } from './globalNames.ts';
import { type ImportForm, importOfName, type NameImport } from './importsOfName.ts';
import {
  absoluteModule,
  isPythonModule,
  isTestFile,
  javaPackageOf,
  modulePath,
  pythonModule,
  resolvedPath,
  sharedFolders,
} from './modulePaths.ts';

/** From where a file can import a name, and how. */
export interface ImportSource {
  readonly name: string;
  readonly form: ImportForm;
  /** The name in the module, if other files give it another one. */
  readonly original?: string | undefined;
  /** Whether the name exists only for the type checker. */
  readonly isType: boolean;
  /** Whether other files mark the import as one of types. */
  readonly isMarked: boolean;
  /** A specifier to take over, or the path of a file. In Python, the whole name of the module. */
  readonly specifier?: string;
  readonly path?: string;
  /** A specifier of another file that tells whether they have endings, or are relative. */
  readonly sample?: string;
  /** The quote and the semicolon of another file's import. */
  readonly quote?: string | undefined;
  readonly semicolon?: string | undefined;
  /** How many other files import the name from there. */
  readonly votes: number;
  /** How many other files seem to declare the name for themselves. */
  readonly declared: number;
  /** How many folders the document shares with the nearest file that imports or exports the name. */
  readonly shared: number;
}

interface Vote {
  readonly importer: SourceDocument;
  readonly by: NameImport;
  /** The module, the same for all files. */
  readonly module: string;
  readonly isFile: boolean;
}

/**
 * Returns from where a document can import a name: from the module from which the nearest of the other files import it,
 * or else from the only file that exports it. `undefined` if that is uncertain. `others` are files that have the name.
 */
export function importSourceOf(
  document: SourceDocument,
  name: string,
  others: readonly SourceDocument[],
): ImportSource | undefined {
  if (globalNames(document.languageId).has(name)) return undefined;
  const source = certainSource(document, name, others);
  if (source === undefined) return undefined;
  const declared = others.filter(
    (other) =>
      importOfName(other, name) === undefined &&
      exportOf(other, name, document.languageId) === undefined &&
      declares(other.text, name),
  ).length;
  return { ...source, declared };
}

/** Whether a text seems to declare a name, by a keyword, as a parameter, or in a pattern. */
function declares(text: string, name: string): boolean {
  return new RegExp(
    `\\b(?:const|let|var|function|class|interface|type|enum|def|struct|record)\\s+${name}\\b` +
      `|\\([ \\t]*${name}[ \\t]*[:,)=]|[{,][ \\t]*${name}[ \\t]*[,}]|^[ \\t]*${name}[ \\t]*:?=`,
    'm',
  ).test(text);
}

type CertainSource = Omit<ImportSource, 'declared'>;

function certainSource(
  document: SourceDocument,
  name: string,
  others: readonly SourceDocument[],
): CertainSource | undefined {
  const fit = isTestFile(document.path) ? others : others.filter(({ path }) => !isTestFile(path));
  const exports = fit.flatMap((other) => exportOf(other, name, document.languageId) ?? []);
  const votes = fit.flatMap((other) => voteOf(other, name)).sort((one, other) => nearness(other) - nearness(one));
  function nearness({ importer }: Vote): number {
    return sharedFolders(importer.path, document.path);
  }
  const [best] = votes;
  if (best === undefined) return exports.length === 1 && exports[0] ? sourceOfExport(exports[0], document) : undefined;
  const same = votes.filter((vote) => isSame(vote, best));
  const exporting = exports.filter((each) => exportsTo(each, best));
  if (exports.length > 1 && (exporting.length !== 1 || same.length < votes.length)) return undefined;
  // A package may pass on a name of its files, so other modules that are files do not count against it.
  const rivals = votes.filter((vote) => !isSame(vote, best) && !(vote.isFile && best.isFile && exports.length === 1));
  if (rivals.length > 0) return undefined;
  if (exports.length > 0 && !best.isFile && exporting.length === 0 && same.length < 2) return undefined;
  if (best.importer.languageId === 'python' && !isPythonModule(best.module.split('.'))) return undefined;
  const exported = exporting[0] ?? (best.isFile ? exports[0] : undefined);
  const shared = Math.max(nearness(best), exported ? sharedFolders(exported.document.path, document.path) : 0);
  return { ...sourceOfVote(name, best, { votes: same, exported }), shared };
}

function voteOf(importer: SourceDocument, name: string): Vote[] {
  const by = importOfName(importer, name);
  if (by === undefined) return [];
  if (importer.languageId === 'python')
    return [{ importer, by, module: absoluteModule(importer, by.specifier), isFile: true }];
  if (!by.specifier.startsWith('.')) return [{ importer, by, module: by.specifier, isFile: false }];
  const path = resolvedPath(importer.path, by.specifier);
  return path === undefined ? [] : [{ importer, by, module: modulePath(path), isFile: true }];
}

function isSame(one: Vote, other: Vote): boolean {
  return one.module === other.module && one.by.form === other.by.form && one.by.original === other.by.original;
}

/** Whether a vote names the file of an export, by its whole path or, behind an alias of a folder, by its end. */
function exportsTo({ document: { path, languageId } }: Export, { module, isFile }: Vote): boolean {
  if (languageId === 'python') {
    const own = pythonModule(path).join('.');
    return own === module || own.endsWith(`.${module}`);
  }
  const own = modulePath(path);
  if (isFile) return own === module;
  const tail = modulePath(module).split('/').slice(1).join('/');
  return tail !== '' && (own === tail || own.endsWith(`/${tail}`));
}

function sourceOfExport({ document, name, form, isType }: Export, by: SourceDocument): CertainSource | undefined {
  const shared = sharedFolders(document.path, by.path);
  const common = { name, form, isType, isMarked: false, votes: 0, shared };
  const { path, languageId, text } = document;
  const module = pythonModule(path);
  if (languageId === 'python') return isPythonModule(module) ? { ...common, specifier: module.join('.') } : undefined;
  return { ...common, ...(languageId === 'java' ? { specifier: javaPackageOf(text) } : { path }) };
}

function sourceOfVote(
  name: string,
  { importer, by, module, isFile }: Vote,
  { votes, exported }: { readonly votes: readonly Vote[]; readonly exported: Export | undefined },
): Omit<CertainSource, 'shared'> {
  const { form, original, specifier, quote, semicolon } = by;
  const isMarked = votes.some((vote) => vote.by.isType);
  const isType = exported?.isType ?? (isMarked && votes.every((vote) => vote.by.isType));
  const common = { name, form, original, isType, isMarked, quote, semicolon, votes: votes.length };
  if (importer.languageId === 'python') return { ...common, specifier: module, sample: specifier };
  if (!isFile) return { ...common, specifier };
  const path = resolvedPath(importer.path, specifier) ?? '';
  const ending = /\.[cm]?[jt]sx?$/.test(path) ? '' : (/\.[^./]+$/.exec(exported?.document.path ?? '')?.[0] ?? '');
  return { ...common, path: `${path}${ending}`, sample: specifier };
}
