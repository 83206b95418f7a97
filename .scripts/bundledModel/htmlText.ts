/** Extracts the text of a manual's page, without its navigation. */

const NAMED: ReadonlyMap<string, string> = new Map(
  Object.entries({
    amp: '&',
    lt: '<',
    gt: '>',
    quot: '"',
    apos: "'",
    nbsp: ' ',
    mdash: '—',
    ndash: '–',
    hellip: '…',
    copy: '©',
    para: '',
    reg: '®',
    times: '×',
    rarr: '→',
    larr: '←',
  }),
);
const WITHOUT_WORDS = /<(script|style|head|header|footer|nav|aside|button|svg|noscript|form)\b[\s\S]*?<\/\1>/gi;
/** The menus of the manuals in the corpus (Apache's, PostgreSQL's, LibreOffice's). */
const MENUS =
  /<div (?:id="(?:page-header|path|quickview|footer|comments_thread|SearchFrame|DonationFrame|Index)"|class="(?:up|toplang|bottomlang|navheader|navfooter|relatedtopics|index-label|top)")[\s\S]*?<\/div>/gi;
const PARAGRAPH = /<\/?(?:p|h[1-6]|pre|table|ul|ol|dl|section|article|blockquote|body|main)\b[^>]*>/gi;
const LINE = /<(?:br|li|tr|dt|dd|div)\b[^>]*>|<\/(?:li|tr|dt|dd|div)>/gi;

/**
 * Returns headings and paragraphs separated by empty lines. Spaces are collapsed as in a browser, except in
 * preformatted text.
 */
export function htmlToText(html: string): string {
  const body = html
    .replace(/\r\n?/g, '\n')
    .replace(/<header>([\s\S]*?)<\/header>/gi, (whole, inside: string) => (inside.includes('<p>') ? inside : whole));
  const words = body
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(WITHOUT_WORDS, '')
    .replace(MENUS, '');
  const parts = words
    .split(/(<pre\b[\s\S]*?<\/pre>)/i)
    .map((part, index) => (index % 2 === 1 ? `\n\n${part}\n\n` : part.replace(/\s+/g, ' ')));
  const text = decodeEntities(
    parts
      .join('')
      .replace(PARAGRAPH, '\n\n')
      .replace(LINE, '\n')
      .replace(/<[^>]*>/g, ''),
  );
  return `${text
    .replace(/[ \t]+$/gm, '')
    .replace(/^ (?=\S)/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim()}\n`;
}

function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi,
    (whole, decimal?: string, hexadecimal?: string, name?: string) => {
      const code = decimal ? Number(decimal) : hexadecimal ? parseInt(hexadecimal, 16) : undefined;
      if (code !== undefined) return code <= 0x10ffff ? String.fromCodePoint(code === 160 ? 32 : code) : whole;
      return NAMED.get((name as string).toLowerCase()) ?? whole;
    },
  );
}
