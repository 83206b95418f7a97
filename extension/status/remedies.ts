import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { SidecarErrorCode } from '../../sidecar/common/sidecarError.ts';
import type { TroubleCode } from '../../sidecar/protocol/client.ts';
import { localisedMessage } from '../sidecar/localisedMessage.ts';
import { showWithoutWaiting } from '../showWithoutWaiting.ts';

/** The reason of a failure. `unusable-answer`: the model answered, but with nothing that a command can use. */
export type FailureCode = TroubleCode | SidecarErrorCode | 'unusable-answer';

/** The model's answer has nothing that a command can use. The message is for the user. */
export class UnusableAnswerError extends Error {
  override readonly name = 'UnusableAnswerError';
  readonly code = 'unusable-answer';
}

/** A button of a message about a failure, and the command behind it. */
export interface Remedy extends vscode.MessageItem {
  readonly command: string;
}

/** The button that runs a failed command again. */
export const tryAgain = (command: string): Remedy => ({ title: l10n.t('Try Again'), command });
const chooseModel = (): Remedy => ({ title: l10n.t('Choose Model…'), command: 'chorus.chooseModel' });
const useLocalModel = (): Remedy => ({ title: l10n.t('Use the Local Model'), command: 'chorus.useLocalModel' });
const restart = (): Remedy => ({ title: l10n.t('Restart Sidecar'), command: 'chorus.restartSidecar' });
const openSettings = (): Remedy => ({ title: l10n.t('Settings'), command: 'chorus.openSettings' });
/** The button that shows the log. */
export const openOutput = (): Remedy => ({ title: l10n.t('Open Output'), command: 'chorus.showOutput' });

const REMEDIES: Readonly<Record<FailureCode, readonly (() => Remedy)[]>> = {
  // Another model may help.
  'no-model': [chooseModel, openOutput],
  'model-not-found': [chooseModel, openOutput],
  'not-gguf': [chooseModel, openOutput],
  'truncated-model': [chooseModel, openOutput],
  'invalid-model': [chooseModel, openOutput],
  'unsupported-model': [chooseModel, openOutput],
  'out-of-memory': [chooseModel, openOutput],
  'context-overflow': [chooseModel, openSettings],
  'unusable-answer': [chooseModel],
  // A new process may help.
  'engine-crashed': [restart, openOutput],
  'engine-failed': [restart, openOutput],
  'start-failed': [restart, openOutput],
  'crash-loop': [restart, openOutput],
  incompatible: [restart, openOutput],
  refused: [restart, openOutput],
  'not-running': [restart, openOutput],
  unreachable: [restart, openOutput],
  closed: [restart, openOutput],
  full: [restart, openOutput],
  // The model on this machine, or other settings, may help.
  'server-unavailable': [useLocalModel, openSettings],
  'server-failed': [useLocalModel, openOutput],
  'download-failed': [openSettings, openOutput],
  'disk-full': [openSettings],
  'invalid-catalogue': [openSettings, openOutput],
  'no-speech-model': [openSettings],
  'no-microphone': [openOutput],
  'home-unusable': [openOutput],
  'invalid-input': [openOutput],
  // The user's next try, or less text, helps.
  draining: [],
  'document-too-large': [],
  'message-too-large': [],
};

/** Returns the buttons that help with a failure, the most helpful first. */
export function remediesFor(code: FailureCode): readonly Remedy[] {
  return REMEDIES[code].map((remedy) => remedy());
}

/** Returns the buttons that help with a failed request or command. An error without a code has none. */
export function remediesForError(error: unknown): readonly Remedy[] {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && Object.hasOwn(REMEDIES, code) ? remediesFor(code as FailureCode) : [];
}

/** Runs the command of a remedy. Does nothing for any other command, so that a web page can run no other. */
export async function runRemedy(command: string): Promise<void> {
  const isKnown = Object.values(REMEDIES).some((remedies) => remedies.some((remedy) => remedy().command === command));
  if (isKnown) await vscode.commands.executeCommand(command);
}

/** Shows a failure in the user's language with the buttons that help. Does not wait for the user. */
export function showFailure(error: unknown, title?: string, remedies = remediesForError(error)): void {
  const message = localisedMessage(error);
  showRemedies(title === undefined ? message : `${title}: ${message}`, remedies);
}

/** Shows an error message whose buttons run the commands of `remedies`. Does not wait for the user. */
export function showRemedies(message: string, remedies: readonly Remedy[]): void {
  showWithoutWaiting(
    vscode.window
      .showErrorMessage(message, ...remedies)
      .then((remedy) => remedy && vscode.commands.executeCommand(remedy.command)),
  );
}
