/** The packages with the bundled model's training texts, by name and version, each with its licence. */
import { readFile } from 'node:fs/promises';

/** Programming languages. */
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
/** The kind of a text. Each kind is a folder of the corpus. */
export type Domain = (typeof DOMAINS)[number];

export const REGISTRIES = ['npm', 'pypi', 'debian', 'crates', 'maven'] as const;
export type Registry = (typeof REGISTRIES)[number];

export interface CorpusPackage {
  readonly registry: Registry;
  readonly name: string;
  readonly version: string;
  /** The listed SPDX expression. The package's own statement has to agree. */
  readonly licence: string;
  /** The domains that its texts are used for. */
  readonly domains: readonly Domain[];
  /** Held-out texts measure the model and are never trained on. */
  readonly heldOut: boolean;
  /**
   * Matches the paths of the only files that are used: HTML pages or message catalogues in any language. Its group
   * `language` is the text's language.
   */
  readonly pages?: RegExp;
}

/** A line of `packages.json`: `[name, version, licence]` or `[name, version, licence, 'held-out']`. */
type ListedPackage = readonly [name: string, version: string, licence: string, heldOut?: 'held-out'];
interface PackageGroup {
  readonly registry: Registry;
  readonly domains: readonly Domain[];
  /** A regular expression, see `CorpusPackage.pages`. */
  readonly pages?: string;
  readonly packages: readonly ListedPackage[];
}

/** Reads `packages.json`. Throws if a package is listed twice. */
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

/** Returns the name of a package's folder: `/` of a scope and `:` of a group become `+`. */
export function folderName({ name, version }: Pick<CorpusPackage, 'name' | 'version'>): string {
  return `${name.replace(/[/:]/, '+')}@${version}`;
}
