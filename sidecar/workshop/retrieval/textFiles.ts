import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { TroubleError } from '../../common/troubleError.ts';

export interface TextFile {
  /** Of its name, with the point: ".ts". */
  readonly ending: string;
  readonly text: string;
}

/** Larger files, and such lines, are data rather than text that somebody wrote. */
const MAX_FILE_BYTES = 2 ** 18;
const MAX_LINE_CHARACTERS = 400;
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * All texts of a folder, in the order of their paths; what is empty, no UTF-8, large, unreadable or has very long lines
 * is left out. Throws `TroubleError` 'invalid-input' where the folder can't be read or no text is left.
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
    // One that is not this user's, or that went meanwhile.
    const text = await readTextFile(file).catch(() => undefined);
    if (text) texts.push(text);
  }
  if (texts.length === 0)
    throw new TroubleError('invalid-input', `There is no text among the ${files.length} files of ${folder}.`);
  return texts;
}

/** `undefined` for what is no text that somebody wrote. */
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
