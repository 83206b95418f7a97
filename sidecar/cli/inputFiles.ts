/** Input files of commands. */
import { readFile } from 'node:fs/promises';
import { parseJson } from '../common/parseJson.ts';
import { readTextBeginning } from '../common/textBeginning.ts';
import type { TokenId } from '../protocol/engine.ts';
import { UsageError } from './exitCodes.ts';

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
    text = await readTextBeginning(file, tokens);
  } catch (error) {
    throw new UsageError(`${file} can't be read as UTF-8 text: ${(error as Error).message}`, { cause: error });
  }
  if (text === '') throw new UsageError(`${file} is empty.`);
  return text;
}
