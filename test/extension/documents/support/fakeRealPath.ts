/** What stands for `node:fs/promises` where the extension asks the disk for the real path of a file in memory. */
import { realPathIn } from './fakeFiles.ts';
import { fake } from './vscode.ts';

export const realpath = (path: string): Promise<string> => realPathIn(fake, path);
