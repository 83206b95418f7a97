/** Files that commands take. */
import { readFile } from 'node:fs/promises';
import type { TokenId } from '../protocol/engine.ts';
import { UsageError } from './exitCodes.ts';

/** A JSON array of token ids. Throws `UsageError`. */
export async function readTokens(file: string): Promise<readonly TokenId[]> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`${file} can't be read as JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!Array.isArray(value) || !value.every(Number.isInteger)) throw new UsageError(`${file} must hold a JSON array of whole numbers.`);
  return value as TokenId[];
}

/** A UTF-8 text that is not empty. Throws `UsageError`. */
export async function readText(file: string): Promise<string> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(file));
  } catch (error) {
    throw new UsageError(`${file} can't be read as UTF-8 text: ${(error as Error).message}`, { cause: error });
  }
  if (text === '') throw new UsageError(`${file} is empty.`);
  return text;
}
