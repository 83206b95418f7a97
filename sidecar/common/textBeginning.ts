import { createReadStream } from 'node:fs';

/** No text has this many bytes per token on average, not even deeply indented code. */
const MOST_BYTES_PER_TOKEN = 16;

/**
 * Reads a UTF-8 text, or only enough of its beginning for so many tokens. Rejects with a `TypeError` if the bytes are
 * not UTF-8, and with the system's error if the file can't be read.
 */
export async function readTextBeginning(file: string, tokens = Infinity): Promise<string> {
  const maxBytes = tokens * MOST_BYTES_PER_TOKEN;
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(file, { end: maxBytes - 1 }) as AsyncIterable<Buffer>) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  // A text that was cut off may end within a character.
  const isWhole = bytes.length < maxBytes;
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: !isWhole });
}
