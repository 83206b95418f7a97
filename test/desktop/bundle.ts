import { build } from 'esbuild';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Bundles `inHost.ts` into a file that VS Code can load. Returns its path. */
export async function bundleInHostTests(folder: string): Promise<string> {
  const outfile = path.join(folder, 'inHost.cjs');
  await build({
    entryPoints: [fileURLToPath(new URL('./inHost.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['vscode'],
    logLevel: 'warning',
  });
  return outfile;
}
