import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { formatNumber } from '../../l10n/currentLanguage.ts';
import type { DownloadProgress, DownloadResult } from '../../sidecar/protocol/client.ts';
import type { RequestType } from '../../sidecar/protocol/messages.ts';
import type { SidecarSession } from '../sidecar/session.ts';
import { formatBytes } from '../status/statusView.ts';

/** The end of a download or an import. 'cancelled' means that the model was removed meanwhile. */
export type Arrival =
  | ({ readonly kind: 'here' } & DownloadResult)
  | { readonly kind: 'stopped'; readonly share: number }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Sends a request that downloads or imports a model, and shows its progress. The notification's button stops it. */
export function showArrival<Params extends object>(
  session: SidecarSession,
  title: string,
  type: RequestType<Params, DownloadResult, DownloadProgress>,
  params: NoInfer<Params>,
): Promise<Arrival> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return Promise.resolve(
    vscode.window.withProgress(options, async (progress, token): Promise<Arrival> => {
      let share = 0;
      const onProgress = (state: DownloadProgress): void => {
        const next = shareOf(state);
        progress.report({
          message: progressMessage(state),
          increment: state.state === 'downloading' ? 100 * Math.max(0, next - share) : 0,
        });
        if (state.state === 'downloading') share = Math.max(share, next);
      };
      try {
        return {
          kind: 'here',
          ...(await session.requestStreaming(type, params, onProgress, token)),
        };
      } catch (error) {
        if (token.isCancellationRequested) return { kind: 'stopped', share };
        return error instanceof vscode.CancellationError ? { kind: 'cancelled' } : { kind: 'failed', error };
      }
    }),
  );
}

/** Returns a download's progress in words. */
export function progressMessage(progress: DownloadProgress): string {
  const { state, receivedBytes, totalBytes } = progress;
  const percent = formatNumber(shareOf(progress), { style: 'percent' });
  if (state === 'verifying') return l10n.t('checking, {0}', percent);
  if (state === 'waiting') return l10n.t('{0}; the server does not answer, trying again', percent);
  // Not every server reports the total size.
  return totalBytes === 0
    ? formatBytes(receivedBytes)
    : `${percent} · ${formatBytes(receivedBytes)} / ${formatBytes(totalBytes)}`;
}

function shareOf({ receivedBytes, totalBytes }: DownloadProgress): number {
  return totalBytes > 0 ? Math.min(1, receivedBytes / totalBytes) : 0;
}
