/** Whether a package's own metadata allow to learn from it, and agree with the list. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { packageFolder } from './fetchPackages.ts';
import type { CorpusPackage } from './packages.ts';

/** Of code. MPL-2.0 and the public-domain marks are taken for prose from Debian alone, where the list names them. */
const PERMISSIVE = new Set(['MIT', 'MIT-0', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'Apache-2.0']);
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
  [/^(the )?apache( software)?( licen[cs]e)?,?( |-)?(version )?v?2(\.0)?( licen[cs]e)?$|^apache(-2| software licen[cs]e)/i, 'Apache-2.0'],
];

/** Throws where the licence does not allow it or differs from the listed one, with both. */
export async function checkLicence(listed: CorpusPackage, cacheFolder: string): Promise<void> {
  const allowed = listed.registry === 'debian' || listed.domains.includes('udhr') ? FOR_PROSE : PERMISSIVE;
  const where = `${listed.registry} ${listed.name} ${listed.version}`;
  if (choices(listed.licence, allowed).length === 0) throw new Error(`${where} is listed under ${listed.licence}, which is none of ${[...allowed].join(', ')}.`);
  // Debian's copyright files are prose: whoever lists such a package has read it.
  if (listed.registry === 'debian') return;
  const own = await licenceOf(listed, packageFolder(cacheFolder, listed));
  if (!choices(own, allowed).some((licence) => choices(listed.licence, allowed).includes(licence))) throw new Error(`${where} is listed under ${listed.licence}, but says of itself: ${own}.`);
}

/** Licence as the package itself states it, as an SPDX expression where that can be told. */
export async function licenceOf({ registry }: Pick<CorpusPackage, 'registry'>, folder: string): Promise<string> {
  return registry === 'npm' ? npmLicence(folder) : pypiLicence(folder);
}

async function npmLicence(folder: string): Promise<string> {
  const metadata = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as { license?: unknown; licenses?: unknown };
  const stated: unknown = metadata.license ?? metadata.licenses;
  const entries = Array.isArray(stated) ? (stated as unknown[]) : [stated];
  return entries.map((entry) => spdx(typeof entry === 'string' ? entry : ((entry as { type?: string } | undefined)?.type ?? 'none'))).join(' OR ');
}

async function pypiLicence(folder: string): Promise<string> {
  const info = (await readdir(folder)).find((name) => name.endsWith('.dist-info'));
  if (!info) return 'none';
  const [head = ''] = (await readFile(path.join(folder, info, 'METADATA'), 'utf8')).split('\n\n', 1);
  const field = (name: string): string | undefined => new RegExp(`^${name}: (.+)$`, 'm').exec(head)?.[1]?.trim();
  const classified = CLASSIFIERS.filter(([pattern]) => new RegExp(`^Classifier: License :: .*${pattern.source}`, 'm').test(head)).map(([, licence]) => licence);
  const stated = field('License-Expression') ?? (classified.length > 0 ? classified.join(' OR ') : field('License'));
  return spdx(stated ?? 'none');
}

function spdx(stated: string): string {
  return SPELLINGS.find(([pattern]) => pattern.test(stated.trim()))?.[1] ?? stated.trim();
}

/** Licences of which one may be chosen, of those that are allowed. One that joins several with AND allows nothing less than all of them. */
function choices(expression: string, allowed: ReadonlySet<string>): readonly string[] {
  const alternatives = expression.replace(/[()]/g, '').split(/\s+OR\s+/i);
  return alternatives.flatMap((alternative) => {
    const joined = alternative.split(/\s+AND\s+/i).map((licence) => licence.trim());
    return joined.every((licence) => allowed.has(licence)) ? [joined.sort().join(' AND ')] : [];
  });
}
