import * as l10n from '@vscode/l10n';
import { bundledModelPath } from '../shelf/defaultModel.ts';
import type { ModelOptions } from './options.ts';
import type { Session } from './session.ts';
import { writeForeignText } from './terminal.ts';
import { sidecarStatus } from './withSession.ts';

/** Returns a one-line warning about the bundled model. `how` tells how to choose a larger model. */
export function bundledModelNotice(how: string): string {
  return `${l10n.t('The model that comes with Chorus is small. Its answers may be wrong. Check them.')} ${l10n.t('A larger one knows more: {0}', how)}`;
}

/**
 * Warns a user at a terminal that the bundled model answers. Writes nothing if a model or server was chosen (also by
 * `CHORUS_MODEL`), with `--json`, or if standard error is not a terminal.
 */
export async function tellOfBundledModel(
  { session, signal }: { readonly session: Pick<Session, 'request'>; readonly signal?: AbortSignal },
  { json }: Pick<ModelOptions, 'json'>,
  stream: Parameters<typeof writeForeignText>[0] = process.stderr,
): Promise<void> {
  if (json || !stream.isTTY) return;
  const { isModelNamed = false, modelPath, server } = await sidecarStatus(session, signal);
  if (isModelNamed || server !== undefined || modelPath === undefined) return;
  if (modelPath === (await bundledModelPath())) writeForeignText(stream, `${bundledModelNotice('--model FILE')}\n`);
}
