/** The packages whose texts the bundled model learns from: by name and version, each with its licence. */
import { readFile } from 'node:fs/promises';

/** Languages of code. */
export const CODE_DOMAINS = [
  'typescript',
  'javascript',
  'python',
  'go',
  'rust',
  'java',
  'c',
  'cpp',
  'csharp',
  'php',
  'ruby',
  'kotlin',
  'shell',
  'sql',
  'css',
] as const;
export const DOMAINS = [...CODE_DOMAINS, 'prose', 'udhr'] as const;
/** What a text is; each is a folder of the corpus. */
export type Domain = (typeof DOMAINS)[number];

export const REGISTRIES = ['npm', 'pypi', 'debian', 'crates', 'maven'] as const;
export type Registry = (typeof REGISTRIES)[number];

export interface CorpusPackage {
  readonly registry: Registry;
  readonly name: string;
  readonly version: string;
  /** SPDX expression as listed; what the package says of itself has to agree. */
  readonly licence: string;
  /** What is taken of it. */
  readonly domains: readonly Domain[];
  /** Never trained on: what the model is measured with. */
  readonly heldOut: boolean;
  /**
   * Pages of HTML or catalogues of messages in whatever language, and nothing else, are taken from the files whose path
   * this matches; its group `language` is the text's.
   */
  readonly pages?: RegExp;
}

/** As a line of `packages.json`: `[name, version, licence]` or `[name, version, licence, 'held-out']`. */
type ListedPackage = readonly [name: string, version: string, licence: string, heldOut?: 'held-out'];
interface PackageGroup {
  readonly registry: Registry;
  readonly domains: readonly Domain[];
  /** Regular expression: see `CorpusPackage.pages`. */
  readonly pages?: string;
  readonly packages: readonly ListedPackage[];
}

/** Reads `packages.json`. Throws where a package is listed twice. */
export async function readPackages(): Promise<readonly CorpusPackage[]> {
  const groups = JSON.parse(
    await readFile(new URL('packages.json', import.meta.url), 'utf8'),
  ) as readonly PackageGroup[];
  const packages = groups.flatMap(({ registry, domains, pages, packages: listed }) =>
    listed.map(([name, version, licence, heldOut]): CorpusPackage => ({
      registry,
      name,
      version,
      licence,
      domains,
      heldOut: heldOut === 'held-out',
      ...(pages === undefined ? {} : { pages: new RegExp(pages) }),
    })),
  );
  const seen = new Set<string>();
  for (const { registry, name } of packages) {
    const key = `${registry} ${name}`;
    if (seen.has(key)) throw new Error(`packages.json lists ${key} twice: keep one of the two.`);
    seen.add(key);
  }
  return packages;
}

/** Name of a package's folder: `/` of a scope and `:` of a group become `+`. */
export function folderName({ name, version }: Pick<CorpusPackage, 'name' | 'version'>): string {
  return `${name.replace(/[/:]/, '+')}@${version}`;
}
