import path from 'node:path';
import { TroubleError } from '../common/troubleError.ts';
import type { SidecarStatus } from '../protocol/client.ts';

/**
 * Throws `TroubleError` 'invalid-model', with the reason, if a loaded model lacks an adapter that `--adapter` asks for.
 * With an editor's setting the model runs without it and the status says so. A command must do what it was told, or
 * fail.
 */
export function assertAdapters(
  { adapters = [], engineLimits = [] }: Pick<SidecarStatus, 'adapters' | 'engineLimits'>,
  files: readonly string[] | undefined = [],
): void {
  const missing = files.find((file) => !adapters.some((adapter) => adapter.path === file));
  if (missing === undefined) return;
  const reason = engineLimits.find((limit) => limit.includes(path.basename(missing)));
  throw new TroubleError('invalid-model', reason ?? `The adapter ${missing} is not used.`);
}
