import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import {
  INSTALL_CUDA_REQUEST,
  LOAD_REQUEST,
  type DownloadProgress,
  type SidecarStatus,
} from '../../sidecar/protocol/client.ts';
import { withCancellableProgress } from '../actions/failure.ts';
import { progressMessage } from '../models/modelProgress.ts';
import type { LanguageClientSession } from '../sidecar/sidecarSession.ts';
import { openOutput, remediesForError, tryAgain, type Remedy } from '../status/remedies.ts';
import { TroubleError } from '../sidecar/troubleError.ts';
import { shouldOfferCuda, type CudaOfferMemory } from './cudaOffer.ts';

const MEMORY_KEY = 'chorus.cuda.offer';

/**
 * Registers the command "Install CUDA Support". Offers it if the sidecar reports that only the libraries are missing.
 */
export function registerCuda(
  context: vscode.ExtensionContext,
  session: LanguageClientSession,
  onError: (error: unknown) => void,
): void {
  context.subscriptions.push(
    vscode.commands.registerCommand('chorus.installCuda', () => installCuda(session)),
    session.onDidChangeStatus((status) => {
      offerCuda(context.globalState, status).catch(onError);
    }),
  );
}

async function installCuda(session: LanguageClientSession): Promise<void> {
  const isInstalled = await withCancellableProgress(
    l10n.t('Chorus: Installing CUDA support'),
    async (token, report) => {
      const onProgress = (progress: DownloadProgress): void => report(progressMessage(progress));
      await session.requestStreaming(INSTALL_CUDA_REQUEST, {}, onProgress, token).catch((error: unknown) => {
        // The failed download is not a model, so the error must not carry the code of a model's failed download.
        throw error instanceof TroubleError && error.code === 'download-failed'
          ? new Error(error.message, { cause: error })
          : error;
      });
      return true;
    },
    remediesForFailedInstallation,
  );
  if (!isInstalled) return;
  const title = l10n.t('Starting the sidecar with CUDA');
  await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title }, async () => {
    // The session and its status report a failure here.
    await session
      .restart()
      .then(() => session.request(LOAD_REQUEST, undefined))
      .catch(() => undefined);
  });
  const device = session.status?.device;
  if (device === undefined) return;
  await vscode.window.showInformationMessage(l10n.t('CUDA support is installed. The model runs on: {0}', device));
}

function remediesForFailedInstallation(error: unknown): readonly Remedy[] {
  const known = remediesForError(error);
  return [tryAgain('chorus.installCuda'), ...(known.length > 0 ? known : [openOutput()])];
}

async function offerCuda(storage: vscode.Memento, status: SidecarStatus | undefined): Promise<void> {
  const memory = storage.get<CudaOfferMemory>(MEMORY_KEY, {});
  if (!shouldOfferCuda(status, memory, Date.now())) return;
  // Stored before the user answers, so that neither the next status nor a window closed meanwhile causes a second
  // offer.
  await storage.update(MEMORY_KEY, { ...memory, offeredMs: Date.now() });
  const install = l10n.t('Install');
  const never = l10n.t('Never');
  const answer = await vscode.window.showInformationMessage(
    l10n.t('This machine has NVIDIA CUDA. With libraries from the npm registry, Chorus can run the model on the GPU.'),
    install,
    l10n.t('Not Now'),
    never,
  );
  if (answer === install) await vscode.commands.executeCommand('chorus.installCuda');
  if (answer === never) await storage.update(MEMORY_KEY, { ...memory, isDeclined: true });
}
