import type { DownloadProgress } from '../../../protocol/client.ts';
import { formatBytes } from '../../output.ts';
import type { ProgressBar } from '../../progressBar.ts';

const WORDS = {
  downloading: '',
  waiting: 'The server does not answer; asking again.',
  verifying: 'Checking.',
} as const;

/** Draws the progress of a download. */
export function drawProgress(bar: ProgressBar, { state, receivedBytes, totalBytes }: DownloadProgress): void {
  const share = totalBytes > 0 ? receivedBytes / totalBytes : 0;
  bar.update(
    `${formatBytes(receivedBytes)} of ${formatBytes(totalBytes)} ${WORDS[state]}`.trimEnd(),
    Math.min(1, share),
  );
}
