import type { MessageConnection } from 'vscode-jsonrpc/node';
import { answerRequests, notifyParent } from '../common/childProcess/answerRequests.ts';
import { WORK_PROGRESS, type WorkProgress } from '../protocol/engine.ts';
import type { Making } from './making.ts';
import {
  OUTLIERS,
  QUANTIZE,
  SELECT,
  TRIM,
  UPCYCLE,
  type OutliersParams,
  type QuantizeParams,
  type SelectParams,
  type TrimParams,
  type UpcycleParams,
} from './protocol.ts';

/** Answers the requests of `protocol.ts` in this process. */
export function serveWorkshop(connection: MessageConnection, making: Making): void {
  const onRequest = answerRequests(connection);
  const onProgress = (progress: WorkProgress): void => notifyParent(connection, WORK_PROGRESS, progress);
  onRequest(UPCYCLE, (params: UpcycleParams, signal) => making.upcycle(params, { signal, onProgress }));
  onRequest(QUANTIZE, (params: QuantizeParams, signal) => making.quantize(params, { signal, onProgress }));
  onRequest(TRIM, (params: TrimParams, signal) => making.trim(params, { signal, onProgress }));
  onRequest(OUTLIERS, (params: OutliersParams, signal) => making.outliers(params, { signal, onProgress }));
  onRequest(SELECT, (params: SelectParams, signal) => making.selectRows(params, { signal, onProgress }));
}
