import { ErrorCodes as JsonRpcErrorCodes, LSPErrorCodes, ResponseError } from 'vscode-languageserver-protocol/node';
import type { z } from 'zod';
import { TroubleError } from '../common/troubleError.ts';
import { TROUBLE_ERROR_CODE, type Trouble } from '../protocol/client.ts';
import { DownloadCancelledError } from '../shelf/download/errors.ts';

/**
 * Returns the response to a failed request. It has a message for the user if there is one, never a message that may
 * quote code.
 */
export function toResponseError(error: unknown, signal: AbortSignal): ResponseError<unknown> {
  if (error instanceof ResponseError) return error;
  if (error instanceof TroubleError)
    return new ResponseError<Trouble>(TROUBLE_ERROR_CODE, error.message, toTrouble(error));
  if (signal.aborted) return new ResponseError(LSPErrorCodes.RequestCancelled, 'Cancelled');
  if (error instanceof DownloadCancelledError) return new ResponseError(LSPErrorCodes.ServerCancelled, error.message);
  const name = error instanceof Error ? error.name : typeof error;
  return new ResponseError(
    JsonRpcErrorCodes.InternalError,
    `Chorus failed (${name}). The log in the Chorus folder says where.`,
  );
}

export function toTrouble(error: TroubleError): Trouble {
  return { code: error.code, message: error.message, ...(error.detail === undefined ? {} : { detail: error.detail }) };
}

/**
 * Parses params by a schema. Throws JSON-RPC's "invalid params" with the path, the expected type and the received type,
 * without values.
 */
export function parseParams<Params>(schema: z.ZodType<Params>, params: unknown): Params {
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = ['params', ...(issue?.path ?? [])].join('.');
  throw new ResponseError(JsonRpcErrorCodes.InvalidParams, `${where}: ${issue?.message ?? 'invalid'}`);
}
