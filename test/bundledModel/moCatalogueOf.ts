/** Returns a gettext catalogue with these translations, keyed by their originals, in the given order. */
export function moCatalogue(messages: Readonly<Record<string, string>>, { littleEndian = true } = {}): Uint8Array {
  const entries = Object.entries(messages).map(
    (pair) => pair.map((text) => new TextEncoder().encode(text)) as [Uint8Array, Uint8Array],
  );
  const texts = [...entries.map(([original]) => original), ...entries.map(([, translation]) => translation)];
  const tables = 20;
  const content = new Uint8Array(tables + texts.length * 8 + texts.reduce((sum, { length }) => sum + length + 1, 0));
  const view = new DataView(content.buffer);
  const header = [0x950412de, 0, entries.length, tables, tables + entries.length * 8];
  header.forEach((number, index) => view.setUint32(index * 4, number, littleEndian));
  let offset = tables + texts.length * 8;
  for (const [index, text] of texts.entries()) {
    view.setUint32(tables + index * 8, text.length, littleEndian);
    view.setUint32(tables + index * 8 + 4, offset, littleEndian);
    content.set(text, offset);
    offset += text.length + 1;
  }
  return content;
}
