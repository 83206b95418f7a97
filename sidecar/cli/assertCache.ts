import { TroubleError } from '../common/troubleError.ts';
import type { SidecarStatus } from '../protocol/client.ts';

/**
 * Throws `TroubleError` 'unsupported-model', with the reason, where a loaded model keeps the full cache in place of the
 * one that `--cache` asks for. An editor's setting gives way then, and its status says so; a command is not to do
 * something else than it was told.
 */
export function assertCache(
  { engine, engineLimits }: Pick<SidecarStatus, 'engine' | 'engineLimits'>,
  cache: string | undefined,
): void {
  if (cache === undefined || cache === 'full' || engine !== 'llama') return;
  throw new TroubleError(
    'unsupported-model',
    `The cache "${cache}" needs Chorus's own engine, but ${engineLimits?.[0] ?? 'llama.cpp runs this model.'}`,
  );
}
