/**
 * Makes the texts that train and measure the bundled model: `npx tsx .scripts/bundledModel/corpus.ts`. Fetches the
 * packages of `packages.json`, checks their licences and selects the files that people wrote, without copies and
 * secrets.
 *
 * Puts them into the folders `texts/{training,held-out}/<domain>/<package>` of the developer's cache. Training prose
 * has a folder for each language. The same list gives the same texts.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { developerCacheFolder } from '../fetchModel.ts';
import { fetchPackages, packageFolder } from './fetchPackages.ts';
import { checkLicence } from './licences.ts';
import { pagesOfMessages, readMoCatalogue } from './moCatalogue.ts';
import { NearDuplicates } from './nearDuplicates.ts';
import { DOMAINS, folderName, readPackages, type CorpusPackage, type Domain } from './packages.ts';
import { domainOf, filterPage, filterText, isShellScript, type Rejection } from './textFilter.ts';

/** The maximum number of bytes from one package, so that no package dominates a domain. */
const MAX_PACKAGE_BYTES: Readonly<Partial<Record<Domain, number>>> = {
  typescript: 1_800_000,
  javascript: 1_500_000,
  python: 1_800_000,
  prose: 400_000,
  udhr: 4_000_000,
};
/** The maximum in every other programming language. */
const MAX_OTHER_PACKAGE_BYTES = 1_000_000;
/**
 * Folders with files that are built from other files of the package. They count only if the package has no other files.
 */
const BUILT =
  /(^|\/)(dist[^/]*|build|out|umd|cjs|esm5?|es[56]?|es-?next|_?c?[ej]sm?|commonjs|bundles?|legacy|fesm\d*|module|types|lib-cjs|lib-esm|amd|min|release|development)\//;
/**
 * The domains whose packages have such folders. Elsewhere the names have other meanings: in a manual `es` is Spanish.
 */
const HAS_BUILT: ReadonlySet<Domain> = new Set(['typescript', 'javascript', 'python', 'css', 'prose', 'udhr']);
/** The maximum size of a manual in one language. */
const MAX_MANUAL_BYTES = 1_000_000;
/** A program's messages are one file, so they are split into pages of a normal text's size. */
const MAX_CATALOGUE_PAGE_CHARACTERS = 20_000;
const MIN_SOURCE_BYTES = 10_000;

interface CorpusText {
  readonly from: CorpusPackage;
  readonly domain: Domain;
  /** The two letters of a prose text's language. */
  readonly language?: string;
  /** The path in its package. */
  readonly file: string;
  readonly text: string;
}

/** The selected files and bytes per domain, and the number of rejected files per reason. */
export interface CorpusReport {
  /** The SHA-256 of `packages.json`. */
  readonly list: string;
  /** The SHA-256 of all texts. */
  readonly fingerprint: string;
  readonly taken: Readonly<
    Record<
      'training' | 'held-out',
      Readonly<Partial<Record<Domain, { readonly files: number; readonly bytes: number }>>>
    >
  >;
  readonly leftOut: Readonly<Partial<Record<Rejection | 'copy' | 'near copy', number>>>;
  readonly packages: number;
}

/** Returns the folder that holds the texts, the fetched packages, and the mark that the texts are complete. */
export function corpusFolder(): string {
  return path.join(developerCacheFolder(), 'corpus');
}

/** Returns the folder of fetched packages. */
export function packagesFolder(): string {
  return path.join(corpusFolder(), 'packages');
}

/**
 * Makes the corpus. Throws an error that names all packages that can't be fetched or whose licence does not allow their
 * use.
 */
export async function makeCorpus(): Promise<CorpusReport> {
  const folder = corpusFolder();
  const cache = packagesFolder();
  const packages = await readPackages();
  await fetchAndCheck(packages, cache);
  const target = path.join(folder, 'texts.new');
  await rm(target, { recursive: true, force: true });
  const laid = await layTexts(packages, cache, target);
  const list = createHash('sha256')
    .update(await readFile(new URL('packages.json', import.meta.url)))
    .digest('hex');
  const report: CorpusReport = { list, ...laid, packages: packages.length };
  await rm(path.join(folder, 'READY'), { force: true });
  await rm(path.join(folder, 'texts'), { recursive: true, force: true });
  await rename(target, path.join(folder, 'texts'));
  await writeFile(path.join(folder, 'READY'), `${JSON.stringify(report, undefined, 2)}\n`);
  return report;
}

/** Selects texts from the packages in `cache` and writes each once to `target`, held-out texts first. */
export async function layTexts(
  packages: readonly CorpusPackage[],
  cache: string,
  target: string,
): Promise<Pick<CorpusReport, 'fingerprint' | 'taken' | 'leftOut'>> {
  const leftOut = new Map<Rejection | 'copy' | 'near copy', number>();
  const leaveOut = (reason: Rejection | 'copy' | 'near copy'): unknown =>
    leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1);
  const same = new Set<string>();
  const near = new NearDuplicates();
  const taken: Record<'training' | 'held-out', Partial<Record<Domain, { files: number; bytes: number }>>> = {
    training: {},
    'held-out': {},
  };
  const fingerprint = createHash('sha256');
  // Held-out packages come first, so that copies of their texts in other packages are left out.
  for (const from of [...packages].sort((a, b) => Number(b.heldOut) - Number(a.heldOut))) {
    for (const text of chooseTexts(await readTexts(from, packageFolder(cache, from), leaveOut))) {
      const hash = createHash('sha256').update(text.text).digest('hex');
      if (same.has(hash)) leaveOut('copy');
      else if (!near.addIfNew(text.text)) leaveOut('near copy');
      else {
        fingerprint.update(hash);
        const part = from.heldOut ? 'held-out' : 'training';
        const sum = (taken[part][text.domain] ??= { files: 0, bytes: 0 });
        sum.files++;
        sum.bytes += Buffer.byteLength(text.text);
        await write(path.join(target, part, folderOf(text), folderName(from), text.file), text.text);
      }
      same.add(hash);
    }
  }
  return { fingerprint: fingerprint.digest('hex'), taken, leftOut: Object.fromEntries(leftOut) };
}

async function fetchAndCheck(packages: readonly CorpusPackage[], cache: string): Promise<void> {
  const failed = await fetchPackages(packages, cache);
  const troubles = [...failed].map(
    ([{ registry, name, version }, reason]) => `${registry} ${name} ${version} can't be fetched: ${reason}`,
  );
  for (const one of packages)
    if (!failed.has(one))
      await checkLicence(one, cache).catch((error: unknown) => troubles.push((error as Error).message));
  if (troubles.length > 0) throw new Error(`The corpus can't be made. Correct packages.json:\n${troubles.join('\n')}`);
}

async function readTexts(
  from: CorpusPackage,
  folder: string,
  leaveOut: (reason: Rejection) => unknown,
): Promise<readonly CorpusText[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'));
  const texts: CorpusText[] = [];
  for (const file of files.sort()) {
    if (from.pages && !from.pages.test(file)) continue;
    const domain = from.pages ? from.domains[0] : domainOf(file, from.domains);
    if (!domain) continue;
    const content = await readFile(path.join(folder, file));
    if (from.pages) texts.push(...pagesOf(from, domain, file, content, leaveOut));
    else if (domain !== 'shell' || path.extname(file) !== '' || isShellScript(content)) {
      const filtered = filterText(content, domain);
      if ('text' in filtered)
        texts.push({ from, domain, file, text: filtered.text, ...(domain === 'prose' ? { language: 'en' } : {}) });
      else leaveOut(filtered.rejected);
    }
  }
  return texts;
}

function pagesOf(
  from: CorpusPackage,
  domain: Domain,
  file: string,
  content: Uint8Array,
  leaveOut: (reason: Rejection) => unknown,
): readonly CorpusText[] {
  const language = from.pages?.exec(file)?.groups?.['language'] ?? 'en';
  if (file.endsWith('.mo')) {
    return pagesOfMessages(readMoCatalogue(content), MAX_CATALOGUE_PAGE_CHARACTERS).map((text, index) => ({
      from,
      domain,
      language,
      file: file.replace(/\.mo$/, `-${index + 1}.txt`),
      text,
    }));
  }
  const filtered = filterPage(content);
  if ('text' in filtered)
    return [{ from, domain, language, file: file.replace(/\.html$/, '.txt'), text: filtered.text }];
  leaveOut(filtered.rejected);
  return [];
}

/** Held-out prose is English: the measured sample is drawn by its path. */
function folderOf({ from, domain, language }: CorpusText): string {
  return domain === 'prose' && !from.heldOut ? path.join(domain, language ?? 'en') : domain;
}

/**
 * Takes sources before the files built from them. From a large package it takes a part, in an order that depends on the
 * file names.
 */
function chooseTexts(texts: readonly CorpusText[]): readonly CorpusText[] {
  return DOMAINS.flatMap((domain) => {
    const all = texts.filter((text) => text.domain === domain);
    const sources = HAS_BUILT.has(domain)
      ? all.filter(({ from, file }) => from.pages !== undefined || !BUILT.test(file))
      : all;
    const sourceBytes = sources.reduce((sum, { text }) => sum + text.length, 0);
    const chosen = domain === 'prose' || domain === 'udhr' || sourceBytes >= MIN_SOURCE_BYTES ? sources : all;
    let bytes = 0;
    return chosen
      .map((text) => ({ text, order: createHash('sha256').update(`${text.from.name} ${text.file}`).digest('hex') }))
      .sort((a, b) => (a.order < b.order ? -1 : 1))
      .map(({ text }) => text)
      .filter(
        ({ from, text }) =>
          (bytes += text.length) <=
          (from.pages && domain === 'prose'
            ? MAX_MANUAL_BYTES
            : (MAX_PACKAGE_BYTES[domain] ?? MAX_OTHER_PACKAGE_BYTES)),
      );
  });
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const report = await makeCorpus();
  for (const [part, domains] of Object.entries(report.taken))
    for (const [domain, sum] of Object.entries(domains))
      console.log(
        `${part.padEnd(9)} ${domain.padEnd(11)} ${String(sum.files).padStart(6)} files ${(sum.bytes / 1e6).toFixed(1).padStart(7)} MB`,
      );
  console.log(
    `Left out: ${Object.entries(report.leftOut)
      .map(([reason, files]) => `${reason} ${files}`)
      .join(', ')}`,
  );
  console.log(`Texts in ${path.join(corpusFolder(), 'texts')}, fingerprint ${report.fingerprint.slice(0, 12)}`);
}
