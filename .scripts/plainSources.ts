import { build } from 'esbuild';
import { readdir } from 'node:fs/promises';
import path from 'node:path';

/** The folders with code that tests run in their own process. */
const ROOMS = ['.scripts', 'extension', 'kernels', 'l10n', 'media', 'sidecar', 'test'];

/** Writes the JavaScript of the project's TypeScript files into a folder, each at its own path. */
export async function writePlainSources(root: string, folder: string): Promise<void> {
  const files = await Promise.all(
    ROOMS.map(async (room) =>
      (await readdir(path.join(root, room), { recursive: true })).map((file) => path.join(root, room, file)),
    ),
  );
  await build({
    absWorkingDir: root,
    entryPoints: files.flat().filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts')),
    outdir: folder,
    outbase: root,
    bundle: false,
    format: 'esm',
    // The oldest version that takes the attributes of JSON imports.
    target: 'node20.10',
    sourcemap: 'inline',
    sourcesContent: false,
    logLevel: 'warning',
  });
}
