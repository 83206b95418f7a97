import path from 'node:path';
import { TroubleError } from '../../common/troubleError.ts';

/** The error of an adapter that can't be used. `what` is the reason, with the name of the tensor or key. */
export function invalidAdapter(filePath: string, what: string, options?: { readonly cause: unknown }): TroubleError {
  return new TroubleError('invalid-model', `The adapter ${path.basename(filePath)} is not used: ${what}.`, options);
}
