import * as l10n from '@vscode/l10n';
import type { SidecarError, SidecarErrorCode } from '../../sidecar/common/sidecarError.ts';

/** Returns the error for a start that is not tried any more. */
export function crashLoopError(): Promise<SidecarError> {
  return sidecarError(
    'crash-loop',
    l10n.t('The Chorus sidecar stopped several times in a short time. Use "Chorus: Restart Sidecar" to try again.'),
  );
}

/** Returns the error for a connection that ended during its start. */
export function closedError(): Promise<SidecarError> {
  return sidecarError(
    'closed',
    l10n.t('The connection to the Chorus sidecar was lost. The next request starts it again.'),
  );
}

/** The class itself loads with the first request, not at activation. */
async function sidecarError(code: SidecarErrorCode, message: string): Promise<SidecarError> {
  const { SidecarError } = await import('../../sidecar/common/sidecarError.ts');
  return new SidecarError(code, message);
}
