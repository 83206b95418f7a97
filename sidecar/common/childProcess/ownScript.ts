import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The folder of the bundles that `npm test` built. Only code that runs from source uses it. */
export const BUILT_FOLDER = process.env['CHORUS_TEST_BUNDLES'];

/** A script of Chorus, and the Node options that it needs. */
export interface OwnScript {
  readonly file: string;
  readonly execArgv: readonly string[];
}

/**
 * Returns the script to start a process of Chorus with: the bundle beside the caller's own. A caller that runs from
 * source gets the bundle of the tests, which starts in half the time, or else the source. `source` is relative to the
 * caller.
 */
export function ownScript(
  callerUrl: string,
  { bundle, source }: { readonly bundle: string; readonly source: string },
): OwnScript {
  if (!callerUrl.endsWith('.ts')) return { file: fileURLToPath(new URL(`./${bundle}`, callerUrl)), execArgv: [] };
  if (BUILT_FOLDER !== undefined) return { file: path.join(BUILT_FOLDER, bundle), execArgv: [] };
  return { file: fileURLToPath(new URL(source, callerUrl)), execArgv: ['--import', import.meta.resolve('tsx')] };
}
