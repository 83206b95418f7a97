import type { DownloadProgress } from '../protocol/client.ts';

const INTERVAL_MS = 200;

/** Limits the rate of progress reports and sends the latest one each time. A change of state is sent at once. */
export function throttled(send: (progress: DownloadProgress) => void): (progress: DownloadProgress) => void {
  let lastMs = -Infinity;
  let lastState: DownloadProgress['state'] | undefined;
  let timer: NodeJS.Timeout | undefined;
  const pass = (progress: DownloadProgress): void => {
    clearTimeout(timer);
    timer = undefined;
    lastMs = performance.now();
    lastState = progress.state;
    send(progress);
  };
  return (progress) => {
    const waitMs = lastMs + INTERVAL_MS - performance.now();
    if (waitMs <= 0 || progress.state !== lastState) return pass(progress);
    clearTimeout(timer);
    timer = setTimeout(() => pass(progress), waitMs).unref();
  };
}
