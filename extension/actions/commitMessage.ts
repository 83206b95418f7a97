import * as l10n from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import { COMMIT_MESSAGE_REQUEST, type CommitMessageParams } from '../../sidecar/protocol/client.ts';
import { UnusableAnswerError } from '../status/remedies.ts';
import type { ActionHost } from './actionHost.ts';
import { withCancellableProgress } from './failure.ts';
import type { CommitSource } from './git/commitSource.ts';
import { commitSources } from './git/commitSources.ts';
import { joinWithin } from './git/unifiedDiff.ts';

export const COMMIT_MESSAGE_COMMAND = 'chorus.commitMessage';

/**
 * The maximum number of UTF-16 units of the diff that are sent. The sidecar cuts further to fit the model's context.
 */
const MAX_DIFF_UNITS = 60_000;

/** The last message that Chorus wrote for each repository. The next message may replace it. */
const ownMessages = new Map<string, string>();

/** Writes a message for the staged changes into the source control input box. Uses all changes if none is staged. */
export async function writeCommitMessage(
  { session, policy }: ActionHost,
  sourceControl?: { readonly rootUri?: vscode.Uri },
): Promise<void> {
  const source = await chooseSource(await commitSources(), sourceControl?.rootUri);
  if (!source) return;
  const title = l10n.t('Commit message with Chorus');
  const message = await withCancellableProgress(title, async (token) => {
    const files = await source.changes(async (uri) => (await policy.check(uri)) === 'allowed');
    if (files.length === 0) throw new Error(l10n.t('there are no changes that Chorus may read.'));
    const params: CommitMessageParams = {
      diff: joinWithin(files, MAX_DIFF_UNITS),
      recentMessages: await source.recentMessages(),
    };
    const result = await session.request(COMMIT_MESSAGE_REQUEST, params, token);
    const text = result.message.trim();
    if (text === '' && !token.isCancellationRequested)
      throw new UnusableAnswerError(
        l10n.t('the model wrote nothing that describes the changes. Try again, or choose a larger model.'),
      );
    return text;
  });
  if (!message) return;
  const place = source.rootUri.toString();
  const present = source.readMessage()?.trim() ?? '';
  // Text that the user wrote before or during the request is replaced only with the user's consent.
  if (present !== '' && present !== ownMessages.get(place) && !(await mayReplace(message))) return;
  if (await source.setMessage(message)) {
    ownMessages.set(place, message);
    await vscode.commands.executeCommand('workbench.view.scm');
    return;
  }
  await vscode.env.clipboard.writeText(message);
  await vscode.window.showWarningMessage(
    l10n.t(
      'The commit message is on the clipboard. Open the Source Control view once so that Chorus can fill in its box.',
    ),
  );
}

/** Asks whether a message may replace the text in the box. The user can copy a refused message. */
async function mayReplace(message: string): Promise<boolean> {
  const [replace, copy] = [l10n.t('Replace'), l10n.t('Copy')];
  const picked = await vscode.window.showInformationMessage(
    l10n.t('The commit message box is not empty.'),
    { modal: true, detail: message },
    replace,
    copy,
  );
  if (picked === copy) await vscode.env.clipboard.writeText(message);
  return picked === replace;
}

async function chooseSource(
  sources: readonly CommitSource[],
  wanted: vscode.Uri | undefined,
): Promise<CommitSource | undefined> {
  if (sources.length === 0) {
    await vscode.window.showWarningMessage(
      l10n.t('No Git repository is open in this window, or the built-in Git extension is switched off.'),
    );
    return undefined;
  }
  const named = sources.find(({ rootUri }) => rootUri.path === wanted?.path);
  if (named || sources.length === 1) return named ?? sources[0];
  const picked = await vscode.window.showQuickPick(
    sources.map((source) => ({
      label: path.posix.basename(source.rootUri.path),
      description: source.rootUri.path,
      source,
    })),
    { title: l10n.t('Write a commit message for') },
  );
  return picked?.source;
}
