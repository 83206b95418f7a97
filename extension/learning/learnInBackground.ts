import type * as vscode from 'vscode';
import type { ServerChoice } from '../remoteServers/serverChoice.ts';
import type { BackgroundOutcome, BackgroundWork } from './idleLearning.ts';
import { learnRequest } from './learnableFolder.ts';
import type { LearnProcess } from './learnProcess.ts';
import type { LearningState } from './learningState.ts';

/** What learning in the background needs of the window. */
export interface LearningParts {
  readonly server: Pick<ServerChoice, 'settings' | 'onDidChange'>;
  readonly state: LearningState;
  /** Receives what learning in the background did, and failed at. */
  readonly log: Pick<vscode.LogOutputChannel, 'info' | 'error'>;
}

/** Learns a folder in the background. Failures go to the log and the status. */
export function learnInBackground(
  context: Pick<vscode.ExtensionContext, 'extensionPath'>,
  folder: vscode.WorkspaceFolder,
  { state, log }: Omit<LearningParts, 'server'>,
): BackgroundWork {
  const abort = new AbortController();
  let learning: LearnProcess | undefined;
  let isPaused = false;
  const run = async (): Promise<BackgroundOutcome> => {
    // Loaded when it is needed, since starting processes needs modules that a window rarely uses.
    const { LearnProcess } = await import('./learnProcess.ts');
    if (abort.signal.aborted) return 'ended';
    learning = new LearnProcess({
      ...learnRequest(context, folder),
      background: true,
      signal: abort.signal,
      onProgress: (step, share) => {
        if (!isPaused && !abort.signal.aborted) state.activity = { kind: 'learning', step, share };
      },
    });
    if (isPaused) learning.pause();
    const outcome = await learning.outcome;
    if (outcome === undefined) return 'ended';
    state.failure = undefined;
    if (typeof outcome === 'string') {
      log.info(`Nothing was learnt in the background: ${outcome}`);
      return outcome;
    }
    state.memory.last = outcome.heldOut;
    log.info(`The workspace was learnt in the background. Its expert is ${outcome.adopted ? '' : 'not '}adopted.`);
    return 'learnt';
  };
  const failed = (error: unknown): BackgroundOutcome => {
    const message = error instanceof Error ? error.message : String(error);
    state.failure = message;
    log.error(`Learning in the background failed: ${message}`);
    return 'failed';
  };
  return {
    outcome: run().catch(failed),
    pause: () => {
      isPaused = true;
      learning?.pause();
    },
    resume: () => {
      isPaused = false;
      learning?.resume();
    },
    end: () => abort.abort(),
  };
}
