import * as l10n from '@vscode/l10n';
import type { SidecarStatus } from '../protocol/client.ts';
import { writeForeignText } from './terminal.ts';

/**
 * Says on standard error that the model on this machine answers in place of the chosen server, with each reason once.
 */
export class ServerStandInNotice {
  readonly #told = new Set<string>();

  constructor(private readonly stream: Parameters<typeof writeForeignText>[0] = process.stderr) {}

  tell({ server }: SidecarStatus): void {
    for (const reason of server?.reasonsForLocal ?? []) {
      if (this.#told.has(reason)) continue;
      this.#told.add(reason);
      writeForeignText(
        this.stream,
        `${l10n.t('The model on this machine answers in place of the server.')} ${reason}\n`,
      );
    }
  }
}
