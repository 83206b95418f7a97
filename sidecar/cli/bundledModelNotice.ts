import * as l10n from '@vscode/l10n';
import { bundledModelPath } from '../shelf/defaultModel.ts';
import type { ModelOptions } from './options.ts';
import type { Session } from './session.ts';
import { writeForeignText } from './terminal.ts';
import { sidecarStatus } from './withSession.ts';

/** A warning of the model that came with Chorus, in one line, and `how` to have a larger one. */
export function bundledModelNotice(how: string): string {
  return `${l10n.t('The model that came with Chorus is small. Its answers may be wrong: check them.')} ${l10n.t('A larger one knows more: {0}', how)}`;
}

/**
 * Tells a person at a terminal that the model which came with Chorus answers. Nothing is told where a model or a server
 * was chosen, also by `CHORUS_MODEL`, with `--json`, and where standard error goes to a file or another program.
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
