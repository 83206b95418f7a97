import * as vscode from 'vscode';
import type { Learnt } from './learnProcess.ts';

const PERMISSION = 'chorus.learning.permission';
const PAUSED = 'chorus.learning.paused';
const LAST = 'chorus.learning.last';

/** Whether the user allowed that this folder is learnt by itself. */
export type LearningPermission = 'allowed' | 'refused';

/** The gain of the last pass over this folder. */
export type LastGain = Pick<Learnt['heldOut'], 'lines' | 'linesBefore' | 'linesAfter'>;

/** What the user decided about learning this folder, and what came of it. "Forget This Workspace" deletes it. */
export class LearningMemory implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;

  constructor(private readonly memory: Pick<vscode.Memento, 'get' | 'update'>) {
    this.#tellPaused();
  }

  /** Absent: the user was not asked, or gave no answer. */
  get permission(): LearningPermission | undefined {
    return this.memory.get(PERMISSION);
  }

  set permission(permission: LearningPermission | undefined) {
    this.#set(PERMISSION, permission);
  }

  /** Whether the user paused learning by itself. */
  get isPaused(): boolean {
    return this.memory.get(PAUSED) === true;
  }

  set isPaused(isPaused: boolean) {
    this.#set(PAUSED, isPaused || undefined);
    this.#tellPaused();
  }

  get last(): LastGain | undefined {
    const last = this.memory.get<LastGain>(LAST);
    return typeof last?.lines === 'number' ? last : undefined;
  }

  set last(last: LastGain | undefined) {
    this.#set(LAST, last);
  }

  forget(): void {
    for (const key of [PERMISSION, PAUSED, LAST]) void this.memory.update(key, undefined);
    this.#tellPaused();
    this.#changed.fire();
  }

  #set(key: string, value: unknown): void {
    void this.memory.update(key, value);
    this.#changed.fire();
  }

  #tellPaused(): void {
    void vscode.commands.executeCommand('setContext', 'chorus.learning.paused', this.isPaused);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
