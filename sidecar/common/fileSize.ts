import { stat } from 'node:fs/promises';

/** Returns the bytes of a regular file, also through a link. `undefined` if there is no such file. */
export async function fileSize(file: string): Promise<number | undefined> {
  const status = await stat(file).catch(() => undefined);
  return status?.isFile() ? status.size : undefined;
}
