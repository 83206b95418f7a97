import * as l10n from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import { withCancellableProgress } from '../actions/failure.ts';
import type { ServerChoice } from '../remoteServers/serverChoice.ts';
import { readChorusSettings, readLearningTokens, readSecretPatterns } from '../settings.ts';
import { showWithoutWaiting } from '../showWithoutWaiting.ts';
import { workspaceKey } from '../sidecar/initialization.ts';
import { openOutput, tryAgain } from '../status/remedies.ts';
import type { Learnt } from './learnProcess.ts';
import { TypingPause } from './typingPause.ts';

const COMMAND = 'chorus.learnWorkspace';
/** Only Linux can stop the process while the user types. Elsewhere its low priority must do. */
const CAN_PAUSE = process.platform === 'linux';

/**
 * Registers the command "Learn This Workspace". Learning runs in a process of its own, and pauses while the user types.
 */
export function registerLearning(context: vscode.ExtensionContext, server: Pick<ServerChoice, 'settings'>): void {
  let isLearning = false;
  const run = async (): Promise<void> => {
    const folder = learnableFolder();
    const obstacle = obstacleTo(server);
    if (!folder || obstacle !== undefined) {
      showWithoutWaiting(
        vscode.window.showWarningMessage(
          obstacle ?? l10n.t('Chorus learns one folder at a time. Open a window with one folder that you trust.'),
        ),
      );
      return;
    }
    if (isLearning) {
      showWithoutWaiting(vscode.window.showInformationMessage(l10n.t('Chorus already learns {0}.', folder.name)));
      return;
    }
    if (!(await mayLearn(folder))) return;
    isLearning = true;
    try {
      await learn(context, folder);
    } finally {
      isLearning = false;
    }
  };
  context.subscriptions.push(vscode.commands.registerCommand(COMMAND, run));
}

/** Says why the model of this window can't use an expert: a server or llama.cpp answers. */
function obstacleTo(server: Pick<ServerChoice, 'settings'>): string | undefined {
  const { engine } = readChorusSettings(vscode.workspace.getConfiguration('chorus'));
  return server.settings || engine === 'llama'
    ? l10n.t(
        'What Chorus learns counts only for its own engine on this machine. Choose the model on this machine and the engine “auto” first.',
      )
    : undefined;
}

/** Only one folder on this machine has an expert, and only a trusted one. */
function learnableFolder(): vscode.WorkspaceFolder | undefined {
  const { workspaceFile, workspaceFolders = [], isTrusted } = vscode.workspace;
  const [folder] = workspaceFolders;
  const isOne = workspaceFile === undefined && workspaceFolders.length === 1 && folder?.uri.scheme === 'file';
  return isOne && isTrusted ? folder : undefined;
}

async function mayLearn({ name }: vscode.WorkspaceFolder): Promise<boolean> {
  const start = l10n.t('Learn');
  const detail = CAN_PAUSE
    ? l10n.t(
        'Chorus trains a small expert for completions on this machine. Nothing leaves it. The expert is your code in another form, in a file that only you can read. Learning takes a quarter of an hour or more, and pauses while you type. Secret and ignored files are left out. “Forget This Workspace” deletes the expert.',
      )
    : l10n.t(
        'Chorus trains a small expert for completions on this machine. Nothing leaves it. The expert is your code in another form, in a file that only you can read. Learning takes a quarter of an hour or more, with a low priority. Secret and ignored files are left out. “Forget This Workspace” deletes the expert.',
      );
  const question = l10n.t('Learn the code of {0}?', name);
  return (await vscode.window.showInformationMessage(question, { modal: true, detail }, start)) === start;
}

async function learn({ extensionPath }: vscode.ExtensionContext, { name, uri }: vscode.WorkspaceFolder): Promise<void> {
  const reader = vscode.workspace.getConfiguration('chorus');
  const learnt = await withCancellableProgress(
    l10n.t('Chorus learns {0}', name),
    async (token, report) => {
      // Loaded with the command, since starting processes needs modules that a window rarely uses.
      const { LearnProcess } = await import('./learnProcess.ts');
      const abort = new AbortController();
      let step = '';
      const learning = new LearnProcess({
        cliScript: path.join(extensionPath, 'dist', 'cli.mjs'),
        folder: uri.fsPath,
        workspaceKey: workspaceKey() ?? '',
        modelPath: readChorusSettings(reader).modelPath ?? '',
        maxTokens: readLearningTokens(reader),
        secretFiles: readSecretPatterns(reader),
        signal: abort.signal,
        onProgress: (current, share) => report((step = `${stepTitle(current)}, ${Math.floor(100 * share)} %`)),
      });
      const onPaused = (isPaused: boolean): void => report(isPaused ? l10n.t('Paused while you type') : step);
      const listeners = vscode.Disposable.from(
        token.onCancellationRequested(() => abort.abort()),
        ...(CAN_PAUSE ? [new TypingPause(learning, onPaused)] : []),
      );
      return learning.learnt.finally(() => void listeners.dispose());
    },
    () => [tryAgain(COMMAND), openOutput()],
  );
  if (learnt) tell(name, learnt);
}

/** The title of a step of `chorus learn`. */
function stepTitle(step: string): string {
  if (step === 'Learning') return l10n.t('Learning');
  return step === 'Measuring the model' ? l10n.t('Measuring the model') : l10n.t('Measuring what was learnt');
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
