import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { TroubleError } from '../../common/troubleError.ts';

export interface TextFile {
  /** The ending of its name with the dot, such as ".ts". */
  readonly ending: string;
  readonly text: string;
}

/** Larger files, and longer lines, are data and not written by people. */
const MAX_FILE_BYTES = 2 ** 18;
const MAX_LINE_CHARACTERS = 400;
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads all texts of a folder in the order of their paths. Skips files that are empty, large, unreadable, not UTF-8 or
 * have very long lines. Throws `TroubleError` 'invalid-input' if the folder can't be read or no text is left.
 */
export async function readTextFiles(folder: string): Promise<readonly TextFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    throw new TroubleError(
      'invalid-input',
      `${folder} can't be read as a folder of texts: ${(error as Error).message}`,
      { cause: error },
    );
  });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
  const texts: TextFile[] = [];
  for (const file of files) {
    // The file may belong to another user, or have been removed meanwhile.
    const text = await readTextFile(file).catch(() => undefined);
    if (text) texts.push(text);
  }
  if (texts.length === 0)
    throw new TroubleError('invalid-input', `There is no text among the ${files.length} files of ${folder}.`);
  return texts;
}

/** Reads a text. Resolves with `undefined` if the file does not look written by people. */
export async function readTextFile(file: string): Promise<TextFile | undefined> {
  if ((await stat(file)).size > MAX_FILE_BYTES) return undefined;
  const text = decode(await readFile(file));
  if (text === undefined || text.trim() === '' || text.includes('\0')) return undefined;
  return text.split('\n').some(({ length }) => length > MAX_LINE_CHARACTERS)
    ? undefined
    : { ending: path.extname(file), text };
}

function decode(content: Buffer): string | undefined {
  try {
    return decoder.decode(content).replaceAll('\r\n', '\n');
  } catch {
    return undefined;
  }
}
