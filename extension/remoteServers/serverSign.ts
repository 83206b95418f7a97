import * as l10n from '@vscode/l10n';
import type { ServerSettings, ServerStatus } from '../../sidecar/protocol/client.ts';
import { withoutLinks } from '../withoutLinks.ts';

/** What the status bar says of the chosen server. */
export interface ServerSign {
  readonly host: string;
  /** With a codicon and the host. */
  readonly text: string;
  readonly lines: readonly string[];
  /** Requests go to the model on this machine, though a server is chosen. */
  readonly isWarning: boolean;
}

/**
 * Where code goes for a chosen server, in words too. Before the sidecar knows more, it is said to leave the machine.
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

/** The sign for a chosen server; `undefined` where there is none. */
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
      lines: [l10n.t('The model on this machine stands in for the server.'), ...reasons],
      isWarning: true,
    };
  return {
    host,
    text: `${leaves ? '$(cloud-upload)' : '$(server-process)'} ${host}`,
    lines: [text, l10n.t('Model: {0}', chosen.model)],
    isWarning: false,
  };
}

/** What a notification says when the model on this machine stands in for the server. */
export function standInMessage(reason: string): string {
  return `${l10n.t('The model on this machine stands in for the server.')} ${withoutLinks(reason)}`;
}
