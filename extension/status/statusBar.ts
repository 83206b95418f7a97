import * as vscode from 'vscode';
import { formatNumber } from '../../l10n/currentLanguage.ts';
import type { Acceptance } from '../completion/acceptance.ts';
import type { GhostText } from '../completion/ghostText.ts';
import type { Snooze } from '../completion/snooze.ts';
import type { InterfaceLanguageSetting } from '../language/interfaceLanguage.ts';
import type { LearningState } from '../learning/learningState.ts';
import type { LanguageClientSession } from '../sidecar/sidecarSession.ts';
import { STATUS_ICONS, statusKind, type StatusKind } from './statusView.ts';
import { statusText, statusTooltip } from './statusTooltip.ts';

export interface StatusSources {
  readonly session: LanguageClientSession;
  readonly ghostText: GhostText;
  readonly snooze: Snooze;
  readonly acceptance: Acceptance;
  readonly language: InterfaceLanguageSetting;
  readonly learning: LearningState;
}

/** The status bar item. */
export class StatusBar implements vscode.Disposable {
  readonly #sources: StatusSources;
  readonly #item: vscode.StatusBarItem;
  readonly #disposables: vscode.Disposable[];
  #hasFailed = false;

  constructor(sources: StatusSources) {
    this.#sources = sources;
    this.#item = vscode.window.createStatusBarItem('chorus.status', vscode.StatusBarAlignment.Right, 100);
    this.#item.name = 'Chorus';
    this.#item.command = 'chorus.menu';
    const update = (): void => this.#update();
    this.#disposables = [
      this.#item,
      sources.session.onDidChangeStatus(() => {
        if (sources.session.isRunning) this.#hasFailed = false;
        update();
      }),
      sources.session.onDidFail(() => {
        this.#hasFailed = true;
        update();
      }),
      sources.snooze.onDidChange(update),
      sources.learning.onDidChange(update),
      sources.language.onDidChange(update),
      sources.acceptance.onDidChangeCounts(update),
      vscode.window.onDidChangeActiveTextEditor(update),
      vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration('chorus') && update()),
    ];
    this.#update();
    this.#item.show();
  }

  /** The kind of status that the item shows now. */
  get kind(): StatusKind {
    const { session, ghostText } = this.#sources;
    const languageId = vscode.window.activeTextEditor?.document.languageId;
    return statusKind({
      gate: ghostText.state(languageId),
      phase: session.phase,
      status: session.status,
      hasFailed: this.#hasFailed,
    });
  }

  #update(): void {
    const { session, snooze, acceptance, learning } = this.#sources;
    const { kind } = this;
    const label = statusText(kind, session.status, snooze.untilMs);
    const progress =
      kind === 'loading' && session.status?.loadProgress !== undefined
        ? ` ${formatNumber(session.status.loadProgress, { style: 'percent' })}`
        : '';
    this.#item.text = `${STATUS_ICONS[kind]} Chorus${progress}`;
    this.#item.backgroundColor =
      kind === 'trouble' ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    this.#item.accessibilityInformation = { label, role: 'button' };
    this.#item.tooltip = statusTooltip(kind, session.status, {
      snoozedUntilMs: snooze.untilMs,
      counts: acceptance.counts,
      learning: learning.lines,
    });
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }
}
