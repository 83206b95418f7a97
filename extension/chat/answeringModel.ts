import * as l10n from '@vscode/l10n';
import type { AnsweringModel } from '../../media/chat/messages.ts';
import type { ServerSettings, SidecarStatus } from '../../sidecar/protocol/client.ts';
import { destinationOf } from '../remoteServers/serverSign.ts';

/**
 * What the panel says of the model that answers. While a server is chosen nothing is said to stay on this machine, not
 * even when the model here stands in for it: the next question may go there. `modelPath`: as this window's settings
 * have it, '' for the bundled one; `undefined`: they leave the model to other windows.
 */
export function answeringModel(
  modelPath: string | undefined,
  server: ServerSettings | undefined,
  status: Pick<SidecarStatus, 'isModelNamed' | 'server'> | undefined,
): AnsweringModel {
  if (server) return { isBundled: false, place: destinationOf(server, status?.server).text };
  const isBundled = modelPath === undefined ? status !== undefined && !status.isModelNamed : modelPath === '';
  return { isBundled, place: l10n.t('The model runs on your own machine. Nothing you ask or show it leaves it.') };
}
