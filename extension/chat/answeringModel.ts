import * as l10n from '@vscode/l10n';
import type { AnsweringModel } from '../../media/chat/messages.ts';
import type { ServerSettings, SidecarStatus } from '../../sidecar/protocol/client.ts';
import { destinationOf } from '../remoteServers/serverSign.ts';

/**
 * Returns the panel's description of the model that answers. While a server is chosen it never says that texts stay on
 * this machine. This also holds while the local model stands in, since the next question may go to the server.
 *
 * The setting of this window is in `modelPath`: '' means the bundled model, `undefined` that the model is left to other
 * windows.
 */
export function answeringModel(
  modelPath: string | undefined,
  server: ServerSettings | undefined,
  status: Pick<SidecarStatus, 'isModelNamed' | 'server'> | undefined,
): AnsweringModel {
  if (server) return { isBundled: false, place: destinationOf(server, status?.server).text };
  const isBundled = modelPath === undefined ? status !== undefined && !status.isModelNamed : modelPath === '';
  return { isBundled, place: l10n.t('The model runs on your own machine. Your questions and code never leave it.') };
}
