/** Input files of commands. */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parseJson } from '../common/parseJson.ts';
import type { TokenId } from '../protocol/engine.ts';
import { UsageError } from './exitCodes.ts';

/** No text has this many bytes per token on average, not even deeply indented code. */
const MOST_BYTES_PER_TOKEN = 16;

/** Reads a JSON array of token ids. Rejects with `UsageError`. */
export async function readTokens(file: string): Promise<readonly TokenId[]> {
  let value: unknown;
  try {
    value = parseJson(await readFile(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`${file} can't be read as JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!Array.isArray(value) || !value.every(Number.isInteger))
    throw new UsageError(`${file} must hold a JSON array of whole numbers.`);
  return value as TokenId[];
}

/**
 * Reads a UTF-8 text that is not empty. With `tokens`, reads only enough of its beginning for that many tokens. Rejects
 * with `UsageError`.
 */
export async function readText(
  file: string,
  { tokens = Infinity }: { readonly tokens?: number } = {},
): Promise<string> {
  let text: string;
  try {
    const bytes = await readBeginning(file, tokens * MOST_BYTES_PER_TOKEN);
    // A text that was cut off may end within a character.
    const isWhole = bytes.length < tokens * MOST_BYTES_PER_TOKEN;
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: !isWhole });
  } catch (error) {
    throw new UsageError(`${file} can't be read as UTF-8 text: ${(error as Error).message}`, { cause: error });
  }
  if (text === '') throw new UsageError(`${file} is empty.`);
  return text;
}

async function readBeginning(file: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(file, { end: maxBytes - 1 }) as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
