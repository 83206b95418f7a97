import { stat } from 'node:fs/promises';

/** Bytes of a regular file, by a link too; `undefined` where there is none. */
export async function fileSize(file: string): Promise<number | undefined> {
  const status = await stat(file).catch(() => undefined);
  return status?.isFile() ? status.size : undefined;
}
