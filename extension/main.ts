import { performance } from 'node:perf_hooks';
import path from 'node:path';
import * as vscode from 'vscode';
import { COMPLETION_FEEDBACK } from '../sidecar/protocol/client.ts';
import { registerActions } from './actions/actions.ts';
import { registerChatPanel } from './chat/chatPanel.ts';
import { Acceptance } from './completion/acceptance.ts';
import { GhostText } from './completion/ghostText.ts';
import { registerCompletion } from './completion/registerCompletion.ts';
import { Snooze } from './completion/snooze.ts';
import { registerCuda } from './cuda/registerCuda.ts';
import { registerContextView } from './contextView/registerContextView.ts';
import { registerKeptContexts } from './keptContexts/registerKeptContexts.ts';
import { registerDictation } from './dictation/registerDictation.ts';
import { DocumentPolicy } from './documents/documentPolicy.ts';
import { DocumentSync } from './documents/documentSync.ts';
import { registerEditPreview } from './edits/editPreview.ts';
import { registerCommandList } from './language/commandList.ts';
import { InterfaceLanguageSetting, registerLanguageChoice } from './language/interfaceLanguage.ts';
import { LearningMemory } from './learning/learningMemory.ts';
import { LearningState } from './learning/learningState.ts';
import { registerLearning } from './learning/registerLearning.ts';
import { registerLanguageModels } from './languageModels/languageModels.ts';
import { adviseOnSlowMachine } from './models/adviseOnSlowMachine.ts';
import { registerModels } from './models/chooseModel.ts';
import { initializationOptions, registerSettingsSync } from './sidecar/initialization.ts';
import { modelExtension } from './sidecar/modelExtension.ts';
import { registerServers } from './remoteServers/registerServers.ts';
import { ServerChoice } from './remoteServers/serverChoice.ts';
import { LanguageClientSession } from './sidecar/sidecarSession.ts';
import { NextEditController } from './nextEdits/nextEditController.ts';
import { registerNextEdits } from './nextEdits/registerNextEdits.ts';
import { registerStatus } from './status/registerStatus.ts';
import { TroubleReporter } from './status/troubleReporter.ts';
import { registerWalkthrough } from './walkthrough/registerWalkthrough.ts';
import { WorkspaceSync } from './workspace/workspaceSync.ts';

/** Set by the first line of the bundle. */
declare const chorusLoadStartMs: number;
const loadMs = performance.now() - chorusLoadStartMs;

let session: LanguageClientSession | undefined;

/** Registers all features and starts no process: the sidecar starts with the first request. */
export function activate(context: vscode.ExtensionContext): void {
  const startMs = performance.now();
  const log = vscode.window.createOutputChannel('Chorus', { log: true });
  const logError = (error: unknown): void => log.error(error instanceof Error ? error : String(error));
  const parts = createParts(context, log, logError);
  const { language, policy, server, snooze, troubles, acceptance, ghostText, learning } = parts;
  session = parts.session;

  registerSettingsSync(context, session, server, logError);
  registerStatus(context, { session, ghostText, snooze, acceptance, language, learning }, troubles, log);
  registerWalkthrough(context, logError);
  registerCommandList(context);
  registerLanguageChoice(context);
  registerCompletion(context, session, { ghostText, snooze, acceptance, logError });
  registerNextEdits(context, parts.nextEdits);
  registerModels(context, session, server);
  registerServers(context, { session, choice: server, language, logError });
  registerContextView(context, session, learning);
  registerKeptContexts(context, session, policy, { onForget: () => learning.forget(), onError: logError });
  registerLearning(context, session, { server, state: learning, log });
  registerCuda(context, session, logError);
  adviseOnSlowMachine(context, session, logError);
  registerEditPreview(context);
  const chatBox = registerChatPanel(context, { session, policy, server, language, logError });
  registerDictation(context, session, chatBox, logError);
  registerActions(context, session, policy);
  registerLanguageModels(context, session, policy);

  log.info(
    `Chorus ${versionOf(context)} loaded in ${loadMs.toFixed(1)} ms and activated in ${(performance.now() - startMs).toFixed(1)} ms.`,
  );
}

/** Creates the parts that several features share. */
function createParts(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  logError: (error: unknown) => void,
) {
  const language = new InterfaceLanguageSetting(context.extensionPath, logError);
  const logLine = (line: string): void => log.info(line);
  const policy = new DocumentPolicy(logLine);
  const documents = new DocumentSync(policy, logError);
  const workspace = new WorkspaceSync(policy, logLine, logError);
  const server = new ServerChoice(context.secrets, logError);
  const snooze = new Snooze();
  const troubles = new TroubleReporter(log);
  const connection = createSession(context, { log, documents, workspace, server });
  const acceptance = new Acceptance(context.globalState, (feedback) => {
    connection.notifyIfRunning(COMPLETION_FEEDBACK, feedback).catch(logError);
  });
  const shared = { session: connection, policy, documents, snooze, log };
  const nextEdits = new NextEditController({
    ...shared,
    hasCompletion: (editor) => (acceptance.remaining(editor) ?? '') !== '',
  });
  const ghostText = new GhostText({
    ...shared,
    nextEditAt: (document, position) => nextEdits.ghostTextAt(document, position),
    onOffer: (document, position, items) => acceptance.offer(document, position, items),
    onTrouble: (trouble) => troubles.report(trouble),
  });
  const learning = new LearningState(new LearningMemory(context.workspaceState));
  context.subscriptions.push(log, language, policy, documents, workspace, snooze, acceptance, learning, connection);
  return {
    session: connection,
    language,
    policy,
    server,
    snooze,
    troubles,
    acceptance,
    ghostText,
    nextEdits,
    learning,
  };
}

function createSession(
  context: vscode.ExtensionContext,
  {
    server,
    ...parts
  }: {
    readonly log: vscode.LogOutputChannel;
    readonly documents: DocumentSync;
    readonly workspace: WorkspaceSync;
    readonly server: ServerChoice;
  },
): LanguageClientSession {
  const version = versionOf(context);
  return new LanguageClientSession({
    ...parts,
    launch: {
      sidecarScript: path.join(context.extensionPath, 'dist', 'sidecar.mjs'),
      clientVersion: version,
      extensionFolder: context.extensionPath,
      modelExtension,
    },
    ready: () => server.ready(),
    initializationOptions: () => initializationOptions(context.extension, version, server),
  });
}

function versionOf(context: vscode.ExtensionContext): string {
  return (context.extension.packageJSON as { version: string }).version;
}

/** Ends this window's connection. The sidecar stays for other windows and exits after its last client has left. */
export async function deactivate(): Promise<void> {
  await session?.close();
}
