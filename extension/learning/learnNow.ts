import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { withCancellableProgress } from '../actions/failure.ts';
import { showWithoutWaiting } from '../showWithoutWaiting.ts';
import { openOutput, tryAgain } from '../status/remedies.ts';
import { CAN_PAUSE, learnRequest } from './learnableFolder.ts';
import type { Learnt } from './learnProcess.ts';
import { progressText } from './learningState.ts';
import { TypingPause } from './typingPause.ts';

export const LEARN_COMMAND = 'chorus.learnWorkspace';

/** Asks whether a folder may be learnt: once, or also by itself when the window is idle. `undefined`: neither. */
export async function askToLearn({ name }: vscode.WorkspaceFolder): Promise<'once' | 'whenIdle' | undefined> {
  const once = l10n.t('Learn');
  const whenIdle = l10n.t('Learn Now and When Idle');
  const detail = CAN_PAUSE
    ? l10n.t(
        'Chorus trains a small expert for completions on this machine. Nothing leaves it. The expert is your code in another form, in a file that only you can read. Learning takes a quarter of an hour or more, and pauses while you type. Secret and ignored files are left out. “Forget This Workspace” deletes the expert.',
      )
    : l10n.t(
        'Chorus trains a small expert for completions on this machine. Nothing leaves it. The expert is your code in another form, in a file that only you can read. Learning takes a quarter of an hour or more, with a low priority. Secret and ignored files are left out. “Forget This Workspace” deletes the expert.',
      );
  const more = l10n.t(
    '“{0}”: Chorus also learns new code by itself while this window is idle, on mains power, and for a limited time each day.',
    whenIdle,
  );
  const question = l10n.t('Learn the code of {0}?', name);
  const options = { modal: true, detail: `${detail}\n\n${more}` };
  const answer = await vscode.window.showInformationMessage(question, options, once, whenIdle);
  return answer === once ? 'once' : answer === whenIdle ? 'whenIdle' : undefined;
}

/**
 * Learns a folder now, with a notification that shows the progress and cancels it. Shows the outcome, or the failure.
 * Resolves with what was learnt, if anything.
 */
export async function learnNow(
  context: Pick<vscode.ExtensionContext, 'extensionPath'>,
  folder: vscode.WorkspaceFolder,
): Promise<Learnt | undefined> {
  const learnt = await withCancellableProgress(
    l10n.t('Chorus learns {0}', folder.name),
    async (token, report) => {
      // Loaded with the command, since starting processes needs modules that a window rarely uses.
      const { LearnProcess } = await import('./learnProcess.ts');
      const abort = new AbortController();
      let step = '';
      const learning = new LearnProcess({
        ...learnRequest(context, folder),
        signal: abort.signal,
        onProgress: (current, share) => report((step = progressText(current, share))),
      });
      const onPaused = (isPaused: boolean): void => report(isPaused ? l10n.t('Paused while you type') : step);
      const listeners = vscode.Disposable.from(
        token.onCancellationRequested(() => abort.abort()),
        ...(CAN_PAUSE ? [new TypingPause(learning, onPaused)] : []),
      );
      return learning.outcome.finally(() => void listeners.dispose());
    },
    () => [tryAgain(LEARN_COMMAND), openOutput()],
  );
  if (typeof learnt !== 'object') return undefined;
  tell(folder.name, learnt);
  return learnt;
}

function tell(name: string, { adopted, heldOut: { lines, linesAfter, linesBefore } }: Learnt): void {
  const message = adopted
    ? l10n.t(
        'Chorus has learnt {0}. Of {1} lines that it did not learn from, it fills {2}. Before, it filled {3}. Completions use the new knowledge from now on.',
        name,
        lines,
        linesAfter,
        linesBefore,
      )
    : l10n.t(
        'Chorus has learnt {0}, but it completes no better. Of {1} lines that it did not learn from, it fills {2}. Before, it filled {3}. Completions go on as before. Learning again continues from here.',
        name,
        lines,
        linesAfter,
        linesBefore,
      );
  showWithoutWaiting(vscode.window.showInformationMessage(message));
}
