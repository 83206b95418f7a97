import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { DICTATE_REQUEST, STOP_DICTATION } from '../../sidecar/protocol/client.ts';
import { localisedMessage } from '../sidecar/localisedMessage.ts';
import type { SidecarSession } from '../sidecar/session.ts';
import { TroubleError } from '../sidecar/troubleError.ts';
import type { DictationTarget } from './dictationTarget.ts';
import { ShownText } from './shownText.ts';

const CONSENT_KEY = 'chorus.dictation.consent';
const LISTENING_CONTEXT = 'chorus.dictating';

interface RunningDictation {
  readonly cancellation: vscode.CancellationTokenSource;
  /**
   * First the target opens or the user is asked for consent ('preparing'). Then the sidecar is asked to listen
   * ('asked'). Its first answer means that the microphone is open ('listening'). After the microphone is closed, the
   * last words are transcribed ('reading').
   */
  phase: 'preparing' | 'asked' | 'listening' | 'reading';
  readonly onClosed: () => void;
}

/**
 * The dictation of this window. Only a command starts it, only one runs at a time, and a sign in the status bar shows
 * it from beginning to end.
 */
export class Dictation implements vscode.Disposable {
  readonly #sign: vscode.StatusBarItem;
  readonly #windowState: vscode.Disposable;
  readonly #cancellations = new Set<vscode.CancellationTokenSource>();
  /** The dictation that listens or is about to. */
  #running: RunningDictation | undefined;
  /** Resolves when every started dictation has ended. */
  #ended: Promise<void> = Promise.resolve();

  constructor(
    private readonly session: SidecarSession,
    private readonly memory: vscode.Memento,
    private readonly logError: (error: unknown) => void,
  ) {
    this.#sign = vscode.window.createStatusBarItem('chorus.dictation', vscode.StatusBarAlignment.Right, 101);
    this.#sign.name = 'Chorus';
    // Only the focused window may listen.
    this.#windowState = vscode.window.onDidChangeWindowState(({ focused }) => {
      // The dialog for consent takes the focus too, while no microphone is open yet.
      if (!focused && this.#running && this.#running.phase !== 'preparing') this.#end(this.#running);
    });
  }

  /**
   * Listens until `stop`, silence or an end by the user. Shows the words in the target from `open`, including those
   * before the end.
   *
   * Does not listen if `stop` comes before the microphone is open. Resolves when the microphone is closed. The next
   * dictation may start then, but waits until the last words of this one are shown. A failure becomes one message.
   */
  async start(open: () => Promise<DictationTarget | undefined>, stop: AbortSignal): Promise<void> {
    if (this.#running) return;
    await new Promise<void>((resolve) => {
      const running: RunningDictation = {
        cancellation: new vscode.CancellationTokenSource(),
        phase: 'preparing',
        onClosed: resolve,
      };
      this.#running = running;
      stop.addEventListener('abort', () => this.#end(running), { once: true });
      this.#ended = this.#ended
        .then(() => this.#run(open, running))
        .catch(this.logError)
        .finally(resolve);
    });
  }

  async #run(open: () => Promise<DictationTarget | undefined>, running: RunningDictation): Promise<void> {
    const { cancellation } = running;
    const { token } = cancellation;
    this.#cancellations.add(cancellation);
    let target: DictationTarget | undefined;
    try {
      if (token.isCancellationRequested) return;
      target = await open();
      target?.gone?.addEventListener('abort', () => cancellation.cancel(), { once: true });
      if (!target || token.isCancellationRequested || !(await this.#mayListen()) || token.isCancellationRequested)
        return;
      await this.#listen(target, running);
    } catch (error) {
      if (!token.isCancellationRequested) this.#showFailure(error);
    } finally {
      if (this.#running === running) this.#running = undefined;
      this.#cancellations.delete(cancellation);
      cancellation.dispose();
      target?.setListening?.(false);
      target?.dispose?.();
      this.#sign.hide();
      await vscode.commands.executeCommand('setContext', LISTENING_CONTEXT, false);
    }
  }

  /**
   * Closes an open microphone. If it is not open yet, cancels the request, since the end could reach a different
   * sidecar than the request.
   */
  #end({ phase, cancellation }: RunningDictation): void {
    if (phase === 'listening') this.session.notify(STOP_DICTATION, {}).catch(this.logError);
    else if (phase !== 'reading') cancellation.cancel();
  }

  async #listen(target: DictationTarget, running: RunningDictation): Promise<void> {
    const { token } = running.cancellation;
    running.phase = 'asked';
    await vscode.commands.executeCommand('setContext', LISTENING_CONTEXT, true);
    if (token.isCancellationRequested) return;
    this.#showSign(running.phase);
    const shown = new ShownText(target, () => running.cancellation.cancel());
    const answer = await this.session.requestStreaming(
      DICTATE_REQUEST,
      { uri: target.uri },
      ({ isListening, text }) => {
        if (token.isCancellationRequested) return;
        if (!isListening) this.#closed(running);
        else running.phase = 'listening';
        this.#showSign(running.phase);
        target.setListening?.(isListening);
        shown.show(text).catch(this.logError);
      },
      token,
    );
    if (token.isCancellationRequested) return;
    await shown.show(answer.text);
    if (!shown.isAny) vscode.window.setStatusBarMessage(l10n.t('No speech detected. Check your microphone.'), 5_000);
  }

  /** The microphone is closed, so the next command starts another dictation and does not end this one. */
  #closed(running: RunningDictation): void {
    if (running.phase === 'reading') return;
    running.phase = 'reading';
    if (this.#running === running) this.#running = undefined;
    vscode.commands.executeCommand('setContext', LISTENING_CONTEXT, false).then(undefined, this.logError);
    running.onClosed();
  }

  #showSign(phase: RunningDictation['phase']): void {
    const [isListening, isClosed] = [phase === 'listening', phase === 'reading'];
    const icon = isListening ? '$(mic-filled)' : '$(loading~spin)';
    this.#sign.text = isListening ? `${icon} ${l10n.t('Listening')}` : icon;
    this.#sign.command = isClosed ? undefined : 'chorus.dictate';
    this.#sign.tooltip = isClosed ? undefined : l10n.t('Stop dictating');
    this.#sign.accessibilityInformation = isClosed
      ? undefined
      : { label: `${l10n.t('Listening')}. ${l10n.t('Stop dictating')}`, role: 'button' };
    this.#sign.backgroundColor = isListening ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    this.#sign.show();
  }

  /**
   * Returns whether the window has the focus and the user's consent. After the dialog for consent the focus is not
   * checked, since it may not have returned to the window yet.
   */
  async #mayListen(): Promise<boolean> {
    return this.memory.get<boolean>(CONSENT_KEY) ? vscode.window.state.focused : this.#askForConsent();
  }

  async #askForConsent(): Promise<boolean> {
    const yes = l10n.t('Use the Microphone');
    const detail = l10n.t(
      'Chorus listens only after your command, shows it in the status bar, and stops when you are silent. Your speech stays on this machine and is not stored.',
    );
    const chosen = await vscode.window.showInformationMessage(
      l10n.t('May Chorus use the microphone?'),
      { modal: true, detail },
      yes,
    );
    if (chosen !== yes) return false;
    await this.memory.update(CONSENT_KEY, true);
    return true;
  }

  #showFailure(error: unknown): void {
    const choose = l10n.t('Choose Model…');
    const isMissing = error instanceof TroubleError && error.trouble.code === 'no-speech-model';
    vscode.window
      .showErrorMessage(localisedMessage(error), ...(isMissing ? [choose] : []))
      .then(async (chosen) => {
        if (chosen === choose) await chooseSpeechModel();
      })
      .then(undefined, this.logError);
  }

  dispose(): void {
    for (const cancellation of this.#cancellations) cancellation.cancel();
    this.#sign.dispose();
    this.#windowState.dispose();
  }
}

async function chooseSpeechModel(): Promise<void> {
  const [file] = (await vscode.window.showOpenDialog({ filters: { 'ggml-*.bin, *.gguf': ['bin', 'gguf'] } })) ?? [];
  if (file)
    await vscode.workspace
      .getConfiguration('chorus')
      .update('speech.modelPath', file.fsPath, vscode.ConfigurationTarget.Global);
}
