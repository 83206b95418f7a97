/** The licences of all software inside a package. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** Licences that are accepted inside a package. Any other licence makes the packaging fail until a person decides. */
const ACCEPTED =
  /^(MIT|MIT-0|ISC|0BSD|BlueOak-1\.0\.0|Apache-2\.0|BSD-2-Clause|BSD-3-Clause|MPL-2\.0|\(?MPL-2\.0 OR Apache-2\.0\)?|Unlicense|CC0-1\.0)$/;

const NOTICES = '.scripts/package/notices';

interface Notice {
  readonly title: string;
  readonly licence: string;
  readonly text: string;
}

/** Returns the text of THIRD-PARTY-NOTICES.txt for the packages in `folders` and for parts that are no npm packages. */
export async function thirdPartyNotices(folders: readonly string[], parts: readonly Notice[]): Promise<string> {
  const packages = await Promise.all(folders.map(noticeOfPackage));
  return noticesOf([...parts, ...packages]);
}

/** Returns the text of THIRD-PARTY-NOTICES.txt for these parts. */
export function noticesOf(notices: readonly Notice[]): string {
  const unique = new Map(notices.map((notice) => [notice.title, notice]));
  const sorted = [...unique.values()].sort((a, b) => a.title.localeCompare(b.title, 'en'));
  const head = 'Chorus contains the following third-party software and data, each under its own licence.\n';
  return [
    head,
    ...sorted.map(({ title, licence, text }) => `${'-'.repeat(80)}\n${title}\nLicence: ${licence}\n\n${text.trim()}\n`),
  ].join('\n');
}

/**
 * Returns the notices for the contents of the native libraries, and for the model. Its experts are in every package.
 * The texts are in `.scripts/package/notices/`.
 */
export async function fixedNotices(root: string): Promise<readonly Notice[]> {
  const text = (name: string): Promise<string> => readFile(path.join(root, NOTICES, name), 'utf8');
  return [
    { title: 'llama.cpp and ggml (inside the native libraries)', licence: 'MIT', text: await text('llama.cpp.txt') },
    {
      title: 'Parts of llama.cpp (inside the native libraries)',
      licence: 'MIT and others',
      text: await text('llama.cpp-parts.txt'),
    },
    { title: 'tree-sitter and its grammars (in dist/grammars)', licence: 'MIT', text: await text('tree-sitter.txt') },
    {
      title: 'PvRecorder (its package carries no licence text)',
      licence: 'Apache-2.0',
      text: `Picovoice Inc.\n\n${await readFile(path.join(root, 'LICENSE'), 'utf8')}`,
    },
    await modelNotice(root),
  ];
}

/** Returns the notice for the default model. */
export async function modelNotice(root: string): Promise<Notice> {
  const notice = await readFile(path.join(root, NOTICES, 'Qwen2.5-Coder.txt'), 'utf8');
  return {
    title: 'Qwen2.5-Coder-0.5B-Instruct (of which the default model is made)',
    licence: 'Apache-2.0',
    text: `${notice}\n${await readFile(path.join(root, 'LICENSE'), 'utf8')}`,
  };
}

async function noticeOfPackage(folder: string): Promise<Notice> {
  const manifest = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license?: string | { type: string };
    author?: unknown;
  };
  const licence = typeof manifest.license === 'object' ? manifest.license.type : manifest.license;
  const title = `${manifest.name} ${manifest.version}`;
  if (!licence || !ACCEPTED.test(licence))
    throw new Error(
      `${title} has the licence ${licence ?? '(none)'}, which is not among the accepted ones: ${ACCEPTED.source}`,
    );
  const names = (await readdir(folder)).filter((name) => /^(licen[cs]e|notice|copying)/i.test(name)).sort();
  const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')));
  return {
    title,
    licence,
    text:
      texts.join('\n\n') ||
      `The package carries no licence text. Author: ${JSON.stringify(manifest.author ?? 'unknown')}`,
  };
}
