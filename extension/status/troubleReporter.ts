import * as l10n from '@vscode/l10n';
import type * as vscode from 'vscode';
import type { Trouble } from '../../sidecar/protocol/client.ts';
import { localisedTrouble } from '../sidecar/localisedMessage.ts';
import type { SidecarFailure } from '../sidecar/sidecarSession.ts';
import { withoutLinks } from '../withoutLinks.ts';
import { openOutput, remediesFor, showRemedies } from './remedies.ts';

/** The minimum time until the same trouble is shown again, since dozens of keystrokes may meet it. */
const REPEAT_AFTER_MS = 10 * 60_000;

/** Shows one message for each distinct trouble, however many requests met it. */
export class TroubleReporter {
  readonly #log: vscode.LogOutputChannel;
  readonly #toldMs = new Map<string, number>();

  constructor(log: vscode.LogOutputChannel) {
    this.#log = log;
  }

  /** Reports a trouble of the sidecar. */
  report(trouble: Trouble): void {
    const { code, message, detail } = trouble;
    if (!this.#isNew(`${code}: ${message}`)) return;
    this.#log.error(detail ? `${message}\n${detail}` : message);
    showRemedies(localisedTrouble(trouble), remediesFor(code));
  }

  /** Reports that the sidecar itself crashed or could not be started. */
  reportFailure({ message, detail, restarts }: SidecarFailure): void {
    this.#log.error(detail ? `${message}\n${detail}` : message);
    if (!this.#isNew(message)) return;
    const lastLine = detail?.trimEnd().split('\n').at(-1);
    const text = [
      message,
      lastLine && l10n.t('Its last line was: {0}', lastLine),
      restarts && l10n.t('It is restarting.'),
    ];
    showRemedies(withoutLinks(text.filter(Boolean).join(' ')), restarts ? [openOutput()] : remediesFor('crash-loop'));
  }

  /** Forgets the shown troubles after the user has acted. The next trouble is shown, even if it is the same. */
  clear(): void {
    this.#toldMs.clear();
  }

  #isNew(key: string): boolean {
    const nowMs = Date.now();
    const toldMs = this.#toldMs.get(key);
    if (toldMs !== undefined && nowMs - toldMs < REPEAT_AFTER_MS) return false;
    this.#toldMs.set(key, nowMs);
    return true;
  }
}
