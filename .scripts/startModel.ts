/** The model that `npm start` uses. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fetchableModels, fetchModel, isFetchable, type FetchableModel } from './fetchModel.ts';

/**
 * Returns the path of the model that `--model` or else `CHORUS_MODEL` names: a fetchable model or a GGUF file. Returns
 * `undefined` if neither is given, which means the model that comes with Chorus. Throws if the name is neither a
 * fetchable model nor a file.
 */
export async function startModel(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  fetch: (name: FetchableModel) => Promise<string> = fetchModel,
): Promise<string | undefined> {
  const at = args.indexOf('--model');
  const named = at < 0 ? environment['CHORUS_MODEL'] || undefined : args[at + 1];
  if (at >= 0 && (named === undefined || named.startsWith('--'))) throw new Error(`--model needs ${expected}.`);
  if (named === undefined) return undefined;
  if (isFetchable(named)) return fetch(named);
  if ((await stat(named).catch(() => undefined))?.isFile()) return path.resolve(named);
  throw new Error(`${at < 0 ? 'CHORUS_MODEL' : '--model'} names ${named}, which is not a file. Expected ${expected}.`);
}

const expected = `one of ${fetchableModels.join(', ')}, or the path of a GGUF file`;
