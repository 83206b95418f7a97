/** Checks whether a package's own metadata allow training on it and agree with the list. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { packageFolder } from './fetchPackages.ts';
import { CODE_DOMAINS, type CorpusPackage } from './packages.ts';

/** Licences for code from any registry. */
const PERMISSIVE = new Set(['MIT', 'MIT-0', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'Apache-2.0']);
/**
 * Licences for code from Debian, whose copyright files are reviewed. The added licences demand no more than MIT.
 * Libraries of C++ and extensions of PostgreSQL use them.
 */
const PERMISSIVE_IN_DEBIAN = new Set([...PERMISSIVE, 'BSL-1.0', 'Zlib', 'PostgreSQL', 'public-domain', 'CC0-1.0']);
/** Licences for prose. MPL-2.0 and the public-domain marks are accepted only there, if the list names them. */
const FOR_PROSE = new Set([...PERMISSIVE, 'MPL-2.0', 'PostgreSQL', 'CC0-1.0', 'public-domain']);

const CLASSIFIERS: readonly (readonly [RegExp, string])[] = [
  [/MIT License/, 'MIT'],
  [/MIT No Attribution/, 'MIT-0'],
  [/ISC License/, 'ISC'],
  [/BSD License/, 'BSD-3-Clause'],
  [/Apache Software License/, 'Apache-2.0'],
];
/** Free text in old metadata. */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/^(the )?mit( licen[cs]e)?( \(mit\))?\.?$/i, 'MIT'],
  [/^isc( licen[cs]e)?$/i, 'ISC'],
  [/^(new |modified |simplified )?bsd([- ][23][- ]clause)?( licen[cs]e)?$|^bsd licen[cs]e/i, 'BSD-3-Clause'],
  [/^3-clause bsd( licen[cs]e)?$|^bsd 3-clause/i, 'BSD-3-Clause'],
  [
    /^(the )?apache( software)?( licen[cs]e)?,?( |-)?(version )?v?2(\.0)?( licen[cs]e)?$|^apache(-2| software licen[cs]e)/i,
    'Apache-2.0',
  ],
];

/** The names in Debian's copyright files, with their SPDX names. */
const DEBIAN_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    MIT: ['expat', 'mit', 'expat with embedded exception'],
    ISC: ['isc'],
    'BSD-3-Clause': ['bsd-3-clause', 'bsd-c3', 'bsd-3-clause+cla'],
    'BSD-2-Clause': ['bsd-2-clause'],
    '0BSD': ['0bsd'],
    'Apache-2.0': ['apache-2.0', 'apache-2'],
    'BSL-1.0': ['bsl-1.0', 'boost-1.0', 'boost-1', 'boost'],
    Zlib: ['zlib'],
    PostgreSQL: ['postgresql', 'postgresql-dw', 'citus'],
    'public-domain': ['public-domain'],
    'CC0-1.0': ['cc0-1.0'],
  }).flatMap(([licence, names]) => names.map((name) => [name, licence] as const)),
);

const NOT_STATED = 'none';

/** Checks a package's licence. Throws if it does not allow training or differs from the listed one, and names both. */
export async function checkLicence(listed: CorpusPackage, cacheFolder: string): Promise<void> {
  const isCode = CODE_DOMAINS.some((domain) => listed.domains.includes(domain));
  const allowed = allowedFor(listed, isCode);
  const where = `${listed.registry} ${listed.name} ${listed.version}`;
  if (choices(listed.licence, allowed).length === 0)
    throw new Error(`${where} is listed under ${listed.licence}, which is none of ${[...allowed].join(', ')}.`);
  // Some of Debian's copyright files are plain prose, which was read before the package was listed.
  if (listed.registry === 'debian' && !isCode) return;
  const own = await licenceOf(listed, packageFolder(cacheFolder, listed));
  if (listed.registry === 'debian' && own === NOT_STATED) return;
  if (!choices(own, allowed).some((licence) => choices(listed.licence, allowed).includes(licence)))
    throw new Error(`${where} is listed under ${listed.licence}, but says of itself: ${own}.`);
}

/** Returns the licence that the package states, as an SPDX expression if it can be determined. */
async function licenceOf(
  { registry, name }: Pick<CorpusPackage, 'registry' | 'name'>,
  folder: string,
): Promise<string> {
  if (registry === 'npm') return npmLicence(folder);
  if (registry === 'crates') return crateLicence(folder);
  if (registry === 'maven') return mavenLicence(folder);
  return registry === 'debian' ? debianLicence(name, folder) : pypiLicence(folder);
}

function allowedFor({ registry, domains }: CorpusPackage, isCode: boolean): ReadonlySet<string> {
  if (registry === 'debian') return isCode ? PERMISSIVE_IN_DEBIAN : FOR_PROSE;
  return domains.includes('udhr') ? FOR_PROSE : PERMISSIVE;
}

async function crateLicence(folder: string): Promise<string> {
  const stated = /^license = "([^"]+)"/m.exec(await readFile(path.join(folder, 'Cargo.toml'), 'utf8'))?.[1];
  return (
    stated
      ?.split('/')
      .map((licence) => licence.trim())
      .join(' OR ') ?? 'none'
  );
}

/** A project file with several licences leaves the choice. */
async function mavenLicence(folder: string): Promise<string> {
  const listed =
    /<licenses>([\s\S]*?)<\/licenses>/.exec(await readFile(path.join(folder, 'pom.xml'), 'utf8'))?.[1] ?? '';
  const names = [...listed.matchAll(/<name>\s*([\s\S]*?)\s*<\/name>/g)].map(([, name]) =>
    spdx((name as string).replace(/\s+/g, ' ')),
  );
  return names.join(' OR ') || 'none';
}

/**
 * Returns the licence of most files in the copyright file: `Files: *`. The packaging has its own licence, but is not
 * used.
 */
async function debianLicence(name: string, folder: string): Promise<string> {
  const copyright = await readFile(path.join(folder, 'usr/share/doc', name, 'copyright'), 'utf8');
  const paragraph = copyright.split(/\n\s*\n/).find((one) => /^Files:\s*\*\s*$/m.test(one)) ?? '';
  const stated = /^License:\s*(\S.*)$/m.exec(paragraph)?.[1];
  return (
    stated
      ?.split(/\s+(or|and)\s+/i)
      .map((part) => DEBIAN_NAMES.get(part.trim().toLowerCase()) ?? part.toUpperCase())
      .join(' ') ?? NOT_STATED
  );
}

async function npmLicence(folder: string): Promise<string> {
  const metadata = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as {
    license?: unknown;
    licenses?: unknown;
  };
  const stated: unknown = metadata.license ?? metadata.licenses;
  const entries = Array.isArray(stated) ? (stated as unknown[]) : [stated];
  return entries
    .map((entry) =>
      spdx(typeof entry === 'string' ? entry : ((entry as { type?: string } | undefined)?.type ?? 'none')),
    )
    .join(' OR ');
}

async function pypiLicence(folder: string): Promise<string> {
  const info = (await readdir(folder)).find((name) => name.endsWith('.dist-info'));
  if (!info) return 'none';
  const [head = ''] = (await readFile(path.join(folder, info, 'METADATA'), 'utf8')).split('\n\n', 1);
  const field = (name: string): string | undefined => new RegExp(`^${name}: (.+)$`, 'm').exec(head)?.[1]?.trim();
  const classified = CLASSIFIERS.filter(([pattern]) =>
    new RegExp(`^Classifier: License :: .*${pattern.source}`, 'm').test(head),
  ).map(([, licence]) => licence);
  const stated = field('License-Expression') ?? (classified.length > 0 ? classified.join(' OR ') : field('License'));
  return spdx(stated ?? 'none');
}

function spdx(stated: string): string {
  return SPELLINGS.find(([pattern]) => pattern.test(stated.trim()))?.[1] ?? stated.trim();
}

/**
 * Returns the allowed alternatives of an expression. An alternative that joins licences with AND needs all of them to
 * be allowed.
 */
function choices(expression: string, allowed: ReadonlySet<string>): readonly string[] {
  const alternatives = expression.replace(/[()]/g, '').split(/\s+OR\s+/i);
  return alternatives.flatMap((alternative) => {
    const joined = alternative.split(/\s+AND\s+/i).map((licence) => licence.trim());
    return joined.every((licence) => allowed.has(licence)) ? [joined.sort().join(' AND ')] : [];
  });
}
