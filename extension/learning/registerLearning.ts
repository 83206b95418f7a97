import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { readLearningPreferences } from '../settings.ts';
import { showWithoutWaiting } from '../showWithoutWaiting.ts';
import type { LanguageClientSession } from '../sidecar/sidecarSession.ts';
import { showFailure } from '../status/remedies.ts';
import { DailyBudget } from './dailyBudget.ts';
import { IdleLearning } from './idleLearning.ts';
import { CAN_PAUSE, learnableFolder, learnRequest, obstacleTo } from './learnableFolder.ts';
import { learnInBackground, type LearningParts } from './learnInBackground.ts';
import { askToLearn, LEARN_COMMAND, learnNow } from './learnNow.ts';
import { onWindowInput } from './windowInput.ts';
import { learntLines } from './whatWasLearnt.ts';

type Context = Pick<vscode.ExtensionContext, 'subscriptions' | 'extensionPath' | 'globalState'>;

const MINUTE_MS = 60_000;

/**
 * Registers the commands about learning, and learns the workspace by itself when the window is idle, if the user
 * allowed it. Learning runs in a process of its own, and pauses while the user works.
 */
export function registerLearning(
  context: Context,
  session: Pick<LanguageClientSession, 'onDidChangeStatus'>,
  parts: LearningParts,
): void {
  const learning = new WorkspaceLearning(context, parts);
  const { memory } = parts.state;
  const update = (): void => learning.update();
  context.subscriptions.push(
    learning,
    onWindowInput(() => learning.input()),
    // Another window may use the model too.
    session.onDidChangeStatus((status) => status?.state === 'busy' && learning.input()),
    memory.onDidChange(update),
    parts.server.onDidChange(update),
    vscode.workspace.onDidGrantWorkspaceTrust(update),
    vscode.workspace.onDidChangeWorkspaceFolders(update),
    vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration('chorus') && update()),
    vscode.commands.registerCommand(LEARN_COMMAND, () => learning.learnNow()),
    vscode.commands.registerCommand('chorus.learning.pause', () => void (memory.isPaused = true)),
    vscode.commands.registerCommand('chorus.learning.resume', () => void (memory.isPaused = false)),
    vscode.commands.registerCommand('chorus.learning.show', () => learning.show()),
  );
  update();
}

/** Learns the folder of this window: on command, and by itself. */
class WorkspaceLearning implements vscode.Disposable {
  readonly #idle: IdleLearning;
  #isLearningNow = false;
  #wasOffered = false;

  constructor(
    private readonly context: Context,
    private readonly parts: LearningParts,
  ) {
    const preferences = () => readLearningPreferences(vscode.workspace.getConfiguration('chorus'));
    this.#idle = new IdleLearning({
      mayLearn: () => this.#mayLearn,
      idleMs: () => preferences().idleMinutes * MINUTE_MS,
      budget: new DailyBudget(context.globalState, () => preferences().minutesPerDay),
      start: () => learnInBackground(context, learnableFolder() as vscode.WorkspaceFolder, parts),
      canPause: CAN_PAUSE,
      isActive: () => vscode.window.state.active,
      onDidChange: () => this.#showActivity(),
    });
  }

  input(): void {
    this.#idle.input();
  }

  /** Notes that settings, the window or the user's decision may have changed. */
  update(): void {
    this.#idle.update();
    this.#showActivity();
    this.#offer();
  }

  async learnNow(): Promise<void> {
    const { server, state } = this.parts;
    const obstacle = obstacleTo(server);
    const folder = learnableFolder();
    if (obstacle !== undefined || !folder)
      return obstacle === undefined ? undefined : showWithoutWaiting(vscode.window.showWarningMessage(obstacle));
    if (this.#isLearningNow)
      return showWithoutWaiting(
        vscode.window.showInformationMessage(l10n.t('Chorus already learns {0}.', folder.name)),
      );
    if (!this.#isAllowed && !(await this.#ask(folder))) return;
    this.#isLearningNow = true;
    try {
      // The background run ends with a checkpoint, from which this one goes on.
      this.update();
      await this.#idle.settled;
      const learnt = await learnNow(this.context, folder);
      if (learnt) state.memory.last = learnt.heldOut;
    } finally {
      this.#isLearningNow = false;
      this.update();
    }
  }

  async show(): Promise<void> {
    const folder = learnableFolder();
    if (!folder) return;
    try {
      const { readLearntStatus } = await import('./readLearntStatus.ts');
      const status = await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Window, title: 'Chorus' },
        () => readLearntStatus(learnRequest(this.context, folder)),
      );
      await vscode.window.showInformationMessage(l10n.t('What Was Learnt'), {
        modal: true,
        detail: [...learntLines(status), ...this.parts.state.now].join('\n'),
      });
    } catch (error) {
      showFailure(error, l10n.t('What Was Learnt'));
    }
  }

  /** Whether the user allowed that this folder is learnt by itself. */
  get #isAllowed(): boolean {
    const { enabled } = readLearningPreferences(vscode.workspace.getConfiguration('chorus'));
    return enabled && this.parts.state.memory.permission === 'allowed';
  }

  get #mayLearn(): boolean {
    const { sparesMachine } = readLearningPreferences(vscode.workspace.getConfiguration('chorus'));
    const { memory } = this.parts.state;
    const isFree = !this.#isLearningNow && !memory.isPaused && !sparesMachine;
    return isFree && this.#isAllowed && obstacleTo(this.parts.server) === undefined;
  }

  async #ask(folder: vscode.WorkspaceFolder): Promise<boolean> {
    this.#wasOffered = true;
    const answer = await askToLearn(folder);
    if (answer === 'whenIdle') {
      this.parts.state.memory.permission = 'allowed';
      const reader = vscode.workspace.getConfiguration('chorus');
      await reader.update('learning.enabled', true, vscode.ConfigurationTarget.Global);
    }
    return answer !== undefined;
  }

  /** Offers once in a window to learn its folder by itself, if the user switched that on and said nothing about it. */
  #offer(): void {
    const { enabled } = readLearningPreferences(vscode.workspace.getConfiguration('chorus'));
    const { server, state } = this.parts;
    const folder = learnableFolder();
    if (!enabled || this.#wasOffered || !folder || this.#isLearningNow) return;
    if (state.memory.permission !== undefined || obstacleTo(server) !== undefined) return;
    this.#wasOffered = true;
    const choose = l10n.t('Choose…');
    const never = l10n.t('Not This Folder');
    const offer = l10n.t('Chorus can learn the code of {0} when this window is idle.', folder.name);
    showWithoutWaiting(
      vscode.window.showInformationMessage(offer, choose, never).then((answer) => {
        if (answer === never) state.memory.permission = 'refused';
        return answer === choose ? this.learnNow() : undefined;
      }),
    );
  }

  #showActivity(): void {
    const { state } = this.parts;
    const { phase } = this.#idle;
    if (phase === 'learning') {
      if (state.activity.kind !== 'learning')
        state.activity = { kind: 'learning', step: 'Measuring the model', share: 0 };
    } else if (phase === 'paused') state.activity = { kind: 'pausedByInput' };
    else if (this.#isAllowed && state.memory.isPaused) state.activity = { kind: 'pausedByUser' };
    else state.activity = { kind: this.#mayLearn ? 'waiting' : 'off' };
  }

  dispose(): void {
    this.#idle.dispose();
  }
}
