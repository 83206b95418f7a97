import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Trouble, TroubleCode } from '../../sidecar/protocol/client.ts';
import { localisedTrouble } from '../sidecar/localisedMessage.ts';
import type { SidecarFailure } from '../sidecar/sidecarSession.ts';
import { withoutLinks } from '../withoutLinks.ts';

/** Troubles of the chosen model. Another model may help. */
const MODEL_TROUBLES: readonly TroubleCode[] = [
  'no-model',
  'model-not-found',
  'not-gguf',
  'truncated-model',
  'invalid-model',
  'unsupported-model',
  'out-of-memory',
];

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
    const actions = MODEL_TROUBLES.includes(code)
      ? [chooseModel()]
      : code === 'engine-crashed' || code === 'engine-failed'
        ? [retry()]
        : [];
    this.#show(localisedTrouble(trouble), actions);
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
    this.#show(text.filter(Boolean).join(' '), restarts ? [] : [retry()]);
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

  #show(message: string, actions: readonly Action[]): void {
    const all = [...actions, openOutput()];
    vscode.window.showErrorMessage(withoutLinks(message), ...all).then(
      (action) => action && vscode.commands.executeCommand(action.command),
      () => undefined,
    );
  }
}

interface Action extends vscode.MessageItem {
  readonly command: string;
}

const chooseModel = (): Action => ({ title: l10n.t('Choose Model…'), command: 'chorus.chooseModel' });
const retry = (): Action => ({ title: l10n.t('Retry'), command: 'chorus.restartSidecar' });
const openOutput = (): Action => ({ title: l10n.t('Open Output'), command: 'chorus.showOutput' });
