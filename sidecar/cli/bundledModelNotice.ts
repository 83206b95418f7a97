import * as l10n from '@vscode/l10n';
import { STATUS_REQUEST, type SidecarStatus } from '../protocol/client.ts';
import type { ModelOptions } from './options.ts';
import type { Session } from './session.ts';
import { writeForeignText } from './terminal.ts';

/** What the model that came with Chorus is good for, in one line, and `how` to have a larger one. */
export function bundledModelNotice(how: string): string {
  return `${l10n.t('The small model that came with Chorus is made for completing code. What it says of code is nearly always wrong.')} ${l10n.t('A larger one knows more: {0}', how)}`;
}

/**
 * Tells a person at a terminal that the model which came with Chorus answers. Nothing is told where a model or a server was chosen, with `--json`, and
 * where standard error goes to a file or another program.
 */
export async function tellOfBundledModel(
  session: Pick<Session, 'request'>,
  { json }: Pick<ModelOptions, 'json'>,
  stream: Parameters<typeof writeForeignText>[0] = process.stderr,
): Promise<void> {
  if (json || !stream.isTTY) return;
  const { isModelNamed = false, server } = await session.request<SidecarStatus>(STATUS_REQUEST, {});
  if (!isModelNamed && server === undefined) writeForeignText(stream, `${bundledModelNotice('--model FILE')}\n`);
}
