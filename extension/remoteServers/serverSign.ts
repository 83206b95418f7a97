import * as l10n from '@vscode/l10n';
import type { ServerSettings, ServerStatus } from '../../sidecar/protocol/client.ts';
import { withoutLinks } from '../withoutLinks.ts';

/** The status bar's description of the chosen server. */
export interface ServerSign {
  readonly host: string;
  /** The label with a codicon and the host. */
  readonly text: string;
  readonly lines: readonly string[];
  /** Whether requests go to the local model although a server is chosen. */
  readonly isWarning: boolean;
}

/**
 * Returns where code goes for a chosen server, also in words. Until the sidecar knows more, it is assumed to leave the
 * machine.
 */
export function destinationOf(
  chosen: ServerSettings,
  status: ServerStatus | undefined,
): { readonly host: string; readonly leaves: boolean; readonly text: string } {
  const host = status?.host ?? (URL.canParse(chosen.url) ? new URL(chosen.url).host : chosen.url);
  const leaves = status?.leavesMachine ?? true;
  return {
    host,
    leaves,
    text: leaves
      ? l10n.t('Chorus: code leaves this machine for {0}', host)
      : l10n.t('Chorus: another program on this machine answers, {0}', host),
  };
}

/** Returns the sign for a chosen server, or `undefined` if there is none. */
export function serverSign(
  chosen: ServerSettings | undefined,
  status: ServerStatus | undefined,
): ServerSign | undefined {
  if (!chosen) return undefined;
  const { host, leaves, text } = destinationOf(chosen, status);
  const reasons = status?.reasonsForLocal ?? [];
  if (reasons.length > 0)
    return {
      host,
      text: `$(warning) ${host}`,
      lines: [l10n.t('The model on this machine answers in place of the server.'), ...reasons],
      isWarning: true,
    };
  return {
    host,
    text: `${leaves ? '$(cloud-upload)' : '$(server-process)'} ${host}`,
    lines: [text, l10n.t('Model: {0}', chosen.model)],
    isWarning: false,
  };
}

/** Returns the notification for when the local model replaces the server. */
export function standInMessage(reason: string): string {
  return `${l10n.t('The model on this machine answers in place of the server.')} ${withoutLinks(reason)}`;
}
