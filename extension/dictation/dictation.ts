import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { DICTATE_REQUEST, STOP_DICTATION, type DictateParams, type DictateResult, type DictationChunk } from '../../sidecar/protocol/client.ts';
import { localisedMessage } from '../sidecar/localisedMessage.ts';
import type { SidecarSession } from '../sidecar/session.ts';
import { TroubleError } from '../sidecar/troubleError.ts';
import type { DictationTarget } from './dictationTarget.ts';
import { ShownText } from './shownText.ts';

const CONSENT_KEY = 'chorus.dictation.consent';
const LISTENING_CONTEXT = 'chorus.dictating';

interface RunningDictation {
  readonly cancellation: vscode.CancellationTokenSource;
  /** The target is opened or the user asked; the sidecar was asked to listen; its first answer came, and the microphone is open. */
  phase: 'preparing' | 'asked' | 'listening';
}

/** Dictation of this window: one at a time, begun by a command alone, with a sign in the status bar from its beginning to its end. */
export class Dictation implements vscode.Disposable {
  readonly #sign: vscode.StatusBarItem;
  readonly #windowState: vscode.Disposable;
  #running: RunningDictation | undefined;

  constructor(
    private readonly session: SidecarSession,
    private readonly memory: vscode.Memento,
    private readonly logError: (error: unknown) => void,
  ) {
    this.#sign = vscode.window.createStatusBarItem('chorus.dictation', vscode.StatusBarAlignment.Right, 101);
    this.#sign.name = 'Chorus';
    this.#sign.command = 'chorus.dictate';
    // Only the window that has the focus is listened for.
    this.#windowState = vscode.window.onDidChangeWindowState(({ focused }) => {
      // The question for consent takes the focus too, and listens to nobody.
      if (!focused && this.#running && this.#running.phase !== 'preparing') this.#end(this.#running);
    });
  }

  /**
   * Listens until `stop`, silence or an end by the user, and shows what is said in what `open` gives: what was said before the end still appears. Listens not at all where that comes before
   * the microphone is open. Failures become one message.
   */
  async start(open: () => Promise<DictationTarget | undefined>, stop: AbortSignal): Promise<void> {
    if (this.#running) return;
    const running: RunningDictation = { cancellation: new vscode.CancellationTokenSource(), phase: 'preparing' };
    const { token } = running.cancellation;
    this.#running = running;
    stop.addEventListener('abort', () => this.#end(running), { once: true });
    let target: DictationTarget | undefined;
    try {
      target = await open();
      target?.gone?.addEventListener('abort', () => running.cancellation.cancel(), { once: true });
      if (!target || token.isCancellationRequested || !(await this.#mayListen()) || token.isCancellationRequested) return;
      await this.#listen(target, running);
    } catch (error) {
      if (!token.isCancellationRequested) this.#showFailure(error);
    } finally {
      this.#running = undefined;
      running.cancellation.dispose();
      target?.setListening?.(false);
      target?.dispose?.();
      this.#sign.hide();
      await vscode.commands.executeCommand('setContext', LISTENING_CONTEXT, false);
    }
  }

  /** Closes the microphone; one that is not open yet is not opened: the sidecar that hears of the end now need not be the one that the request comes to. */
  #end({ phase, cancellation }: RunningDictation): void {
    if (phase === 'listening') this.session.notify(STOP_DICTATION, {}).catch(this.logError);
    else cancellation.cancel();
  }

  async #listen(target: DictationTarget, running: RunningDictation): Promise<void> {
    const { token } = running.cancellation;
    running.phase = 'asked';
    await vscode.commands.executeCommand('setContext', LISTENING_CONTEXT, true);
    if (token.isCancellationRequested) return;
    this.#showSign('$(loading~spin)', false);
    const shown = new ShownText(target, () => running.cancellation.cancel());
    const answer = await this.session.requestStreaming<DictationChunk, DictateResult>(
      DICTATE_REQUEST,
      { uri: target.uri } satisfies DictateParams,
      ({ isListening, text }) => {
        if (token.isCancellationRequested) return;
        running.phase = 'listening';
        this.#showSign(isListening ? '$(mic-filled)' : '$(loading~spin)', isListening);
        target.setListening?.(isListening);
        shown.show(text).catch(this.logError);
      },
      token,
    );
    if (token.isCancellationRequested) return;
    await shown.show(answer.text);
    if (!shown.isAny) vscode.window.setStatusBarMessage(l10n.t('Chorus heard nobody speak.'), 5_000);
  }

  #showSign(icon: string, isListening: boolean): void {
    this.#sign.text = isListening ? `${icon} ${l10n.t('Listening')}` : icon;
    this.#sign.tooltip = l10n.t('Stop dictating');
    this.#sign.accessibilityInformation = { label: `${l10n.t('Listening')}. ${l10n.t('Stop dictating')}`, role: 'button' };
    this.#sign.backgroundColor = isListening ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    this.#sign.show();
  }

  /** Whether the window has the focus, and the user's consent. Who was just asked for that looks at the window: the focus may not be back from the question yet. */
  async #mayListen(): Promise<boolean> {
    return this.memory.get<boolean>(CONSENT_KEY) ? vscode.window.state.focused : this.#askForConsent();
  }

  async #askForConsent(): Promise<boolean> {
    const yes = l10n.t('Use the Microphone');
    const detail = l10n.t('It listens only after your command, says so in the status bar, and stops by itself when you are silent. What you say stays on this machine and is not kept.');
    const chosen = await vscode.window.showInformationMessage(l10n.t('May Chorus use the microphone?'), { modal: true, detail }, yes);
    if (chosen !== yes) return false;
    await this.memory.update(CONSENT_KEY, true);
    return true;
  }

  #showFailure(error: unknown): void {
    const choose = l10n.t('Choose Model…');
    const isMissing = error instanceof TroubleError && error.trouble.code === 'no-speech-model';
    vscode.window.showErrorMessage(localisedMessage(error), ...(isMissing ? [choose] : [])).then(async (chosen) => {
      if (chosen === choose) await chooseSpeechModel();
    }).then(undefined, this.logError);
  }

  dispose(): void {
    this.#running?.cancellation.cancel();
    this.#sign.dispose();
    this.#windowState.dispose();
  }
}

async function chooseSpeechModel(): Promise<void> {
  const [file] = (await vscode.window.showOpenDialog({ filters: { 'ggml-*.bin, *.gguf': ['bin', 'gguf'] } })) ?? [];
  if (file) await vscode.workspace.getConfiguration('chorus').update('speech.modelPath', file.fsPath, vscode.ConfigurationTarget.Global);
}
