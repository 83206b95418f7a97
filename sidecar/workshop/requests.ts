import type { MessageConnection } from 'vscode-jsonrpc/node';
import { answerRequests, notifyParent } from '../common/childProcess/answerRequests.ts';
import { WORK_PROGRESS, type WorkProgress } from '../protocol/engine.ts';
import type { Making } from './making.ts';
import { OUTLIERS, QUANTIZE, SELECT, TRIM, UPCYCLE, UPCYCLE_LOW_RANK } from './protocol.ts';

/** Answers the requests of `protocol.ts` in this process. */
export function serveWorkshop(connection: MessageConnection, making: Making): void {
  const onRequest = answerRequests(connection);
  const onProgress = (progress: WorkProgress): void => notifyParent(connection, WORK_PROGRESS, progress);
  onRequest(UPCYCLE, (params, signal) => making.upcycle(params, { signal, onProgress }));
  onRequest(UPCYCLE_LOW_RANK, (params, signal) => making.upcycleLowRank(params, { signal, onProgress }));
  onRequest(QUANTIZE, (params, signal) => making.quantize(params, { signal, onProgress }));
  onRequest(TRIM, (params, signal) => making.trim(params, { signal, onProgress }));
  onRequest(OUTLIERS, (params, signal) => making.outliers(params, { signal, onProgress }));
  onRequest(SELECT, (params, signal) => making.selectRows(params, { signal, onProgress }));
}
