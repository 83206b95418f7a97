import { TroubleError } from '../common/troubleError.ts';
import type { SidecarStatus } from '../protocol/client.ts';

/**
 * Throws `TroubleError` 'unsupported-model', with the reason, if a loaded model keeps the full cache instead of the
 * cache that `--cache` asks for. An editor's setting falls back to the full cache and the status says so. A command
 * must do what it was told, or fail.
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
