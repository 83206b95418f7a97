/** Replaces `node:fs/promises` when the extension asks the disk for the real path of a file in memory. */
import { realPathIn } from './fakeFiles.ts';
import { fake } from './vscode.ts';

export const realpath = (path: string): Promise<string> => realPathIn(fake, path);
