import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** Where `npm test` has built what ships; only sources ask. */
export const BUILT_FOLDER = process.env['CHORUS_TEST_BUNDLES'];

/** A script of ours, and what Node needs to run it. */
export interface OwnScript {
  readonly file: string;
  readonly execArgv: readonly string[];
}

/**
 * What a process of ours is started with: the bundle beside the caller's own. From sources it is what the tests have
 * built, which starts in half the time, or the source itself. `source` is relative to the caller.
 */
export function ownScript(
  callerUrl: string,
  { bundle, source }: { readonly bundle: string; readonly source: string },
): OwnScript {
  if (!callerUrl.endsWith('.ts')) return { file: fileURLToPath(new URL(`./${bundle}`, callerUrl)), execArgv: [] };
  if (BUILT_FOLDER !== undefined) return { file: path.join(BUILT_FOLDER, bundle), execArgv: [] };
  return { file: fileURLToPath(new URL(source, callerUrl)), execArgv: ['--import', import.meta.resolve('tsx')] };
}
