import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { heldOutLine } from './heldOutLine.ts';
import type { LearningMemory } from './learningMemory.ts';

/** What learning does in this window. `waiting`: it begins by itself when the window is idle. */
export type LearningActivity =
  | { readonly kind: 'off' | 'waiting' | 'pausedByInput' | 'pausedByUser' }
  | { readonly kind: 'learning'; readonly step: string; readonly share: number };

/** What the status says about learning. */
export class LearningState implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  readonly #listener: vscode.Disposable;
  #activity: LearningActivity = { kind: 'off' };
  #failure: string | undefined;

  constructor(readonly memory: LearningMemory) {
    this.#listener = memory.onDidChange(() => this.#changed.fire());
  }

  get activity(): LearningActivity {
    return this.#activity;
  }

  set activity(activity: LearningActivity) {
    this.#activity = activity;
    this.#changed.fire();
  }

  /** Why the last pass in the background failed. Absent: it did not. */
  set failure(failure: string | undefined) {
    this.#failure = failure;
    this.#changed.fire();
  }

  /** What learning does now, in readable lines. */
  get now(): readonly string[] {
    const failure = this.#failure === undefined ? [] : [l10n.t('Learning failed: {0}', this.#failure)];
    return [...activityLines(this.#activity), ...failure];
  }

  /** What learning does now, and the last gain, in readable lines. */
  get lines(): readonly string[] {
    const { last } = this.memory;
    return last === undefined ? this.now : [...this.now, heldOutLine(last)];
  }

  /** Forgets the user's decisions and the last gain. A run ends then. */
  forget(): void {
    this.#failure = undefined;
    this.memory.forget();
  }

  dispose(): void {
    this.#listener.dispose();
    this.memory.dispose();
    this.#changed.dispose();
  }
}

/** Returns a step of `chorus learn` and its progress for the user. */
export function progressText(step: string, share: number): string {
  return `${stepTitle(step)}, ${Math.floor(100 * share)} %`;
}

function stepTitle(step: string): string {
  if (step === 'Learning') return l10n.t('Learning');
  return step === 'Measuring the model' ? l10n.t('Measuring the model') : l10n.t('Measuring what was learnt');
}

function activityLines(activity: LearningActivity): readonly string[] {
  switch (activity.kind) {
    case 'off':
      return [];
    case 'waiting':
      return [l10n.t('Learns this workspace when the window is idle')];
    case 'pausedByInput':
      return [l10n.t('Learning pauses while you work')];
    case 'pausedByUser':
      return [l10n.t('Learning is paused')];
    case 'learning':
      return [progressText(activity.step, activity.share)];
  }
}
