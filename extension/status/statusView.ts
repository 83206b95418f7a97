import { formatNumber } from '../../l10n/currentLanguage.ts';
import type { SidecarStatus } from '../../sidecar/protocol/client.ts';
import type { GateState } from '../completion/completionGate.ts';
import type { SessionPhase } from '../sidecar/sidecarSession.ts';

export interface StatusInput {
  readonly gate: GateState;
  readonly phase: SessionPhase;
  readonly status: SidecarStatus | undefined;
  /** Whether the sidecar crashed or could not be started, and has not run since. */
  readonly hasFailed: boolean;
}

export type StatusKind =
  | 'idle'
  | 'starting'
  | 'loading'
  | 'ready'
  | 'busy'
  | 'off'
  | 'languageOff'
  | 'snoozed'
  | 'trouble';

/**
 * Returns the kind of status to show: first trouble, then features that the user switched off, then the sidecar's
 * activity.
 */
export function statusKind({ gate, phase, status, hasFailed }: StatusInput): StatusKind {
  if (status?.state === 'trouble' || (hasFailed && phase !== 'running')) return 'trouble';
  if (gate.kind !== 'on') return gate.kind;
  if (phase === 'starting') return 'starting';
  return status?.state ?? 'idle';
}

/** The codicon of each kind. */
export const STATUS_ICONS: Readonly<Record<StatusKind, string>> = {
  idle: '$(sparkle)',
  starting: '$(loading~spin)',
  loading: '$(loading~spin)',
  ready: '$(sparkle)',
  busy: '$(sync~spin)',
  off: '$(circle-slash)',
  languageOff: '$(circle-slash)',
  snoozed: '$(bell-slash)',
  trouble: '$(warning)',
};

/** Returns a size such as "1.3 GB" or "412 MB" in the interface's language. */
export function formatBytes(bytes: number): string {
  return bytes >= 1e9
    ? formatNumber(bytes / 1e9, { style: 'unit', unit: 'gigabyte', minimumFractionDigits: 1, maximumFractionDigits: 1 })
    : formatNumber(Math.round(bytes / 1e6), { style: 'unit', unit: 'megabyte' });
}
