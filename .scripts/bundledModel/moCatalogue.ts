/** Reads translated messages from a catalogue in the binary format of gettext. */

const MAGIC = 0x950412de;
const SWAPPED_MAGIC = 0xde120495;
const HEADER_BYTES = 20;
/** The size of a table entry: length and offset. */
const ENTRY_BYTES = 8;

/**
 * Returns the translations in the file's order, without the catalogue's own header. Throws if the file is no catalogue
 * or is cut off.
 */
export function readMoCatalogue(content: Uint8Array): readonly string[] {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  if (content.length < HEADER_BYTES)
    throw new RangeError(`A catalogue has at least ${HEADER_BYTES} bytes; this one has ${content.length}.`);
  const magic = view.getUint32(0, true);
  if (magic !== MAGIC && magic !== SWAPPED_MAGIC)
    throw new RangeError(
      `A catalogue begins with 0x${MAGIC.toString(16)}; this one begins with 0x${magic.toString(16)}.`,
    );
  const number = (offset: number): number => view.getUint32(offset, magic === MAGIC);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const textAt = (entry: number): string => {
    const [length, offset] = [number(entry), number(entry + 4)];
    if (offset + length > content.length)
      throw new RangeError(`A message ends at byte ${offset + length} of a catalogue of ${content.length}.`);
    return decoder.decode(content.subarray(offset, offset + length));
  };
  const [count, originals, translations] = [number(8), number(12), number(16)];
  return Array.from({ length: count }, (_, index) => ({
    original: textAt(originals + index * ENTRY_BYTES),
    translation: textAt(translations + index * ENTRY_BYTES),
  }))
    .filter(({ original }) => original !== '')
    .map(({ translation }) => translation);
}

/** Marks of menu keys, placeholders, tags. */
const ACCELERATOR = /~|_(?=\p{L})|\(~\p{L}\)/gu;
const PLACEHOLDER =
  /%[A-Z][A-Z_0-9]*%?|\$\(?[\w.]+\)?|\$\{[^}]*\}|%(?:\d+\$?)?[a-z\d]|#[A-Z_0-9]+#|\{\d*\}|<[^>]*>|&[a-z]+;/g;
const MIN_LETTERS = 2;

/**
 * Returns pages of at most `maxCharacters`. Each message appears once, on its own line, without key marks and
 * placeholders.
 */
export function pagesOfMessages(messages: readonly string[], maxCharacters: number): readonly string[] {
  const lines = messages
    .flatMap((message) => message.split('\0'))
    .map((message) =>
      message.replace(/\\n/g, ' ').replace(PLACEHOLDER, '').replace(ACCELERATOR, '').replace(/\s+/g, ' ').trim(),
    );
  const pages: string[] = [];
  let page = '';
  for (const line of new Set(lines)) {
    if ((line.match(/\p{L}/gu)?.length ?? 0) < MIN_LETTERS) continue;
    if (page.length + line.length >= maxCharacters && page !== '') {
      pages.push(page);
      page = '';
    }
    page += `${line}\n`;
  }
  return page === '' ? pages : [...pages, page];
}
