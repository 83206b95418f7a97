import { formatNumber } from '../../l10n/currentLanguage.ts';
import type { SidecarStatus } from '../../sidecar/protocol/client.ts';
import type { GateState } from '../completion/completionGate.ts';
import type { SessionPhase } from '../sidecar/sidecarSession.ts';

export interface StatusInput {
  readonly gate: GateState;
  readonly phase: SessionPhase;
  readonly status: SidecarStatus | undefined;
  /** The sidecar crashed or would not start, and nothing went well since. */
  readonly hasFailed: boolean;
}

export type StatusKind =
  'idle' | 'starting' | 'loading' | 'ready' | 'busy' | 'off' | 'languageOff' | 'snoozed' | 'trouble';

/**
 * What the status bar item shows: trouble before everything, then what the user switched off, then what the sidecar
 * does.
 */
export function statusKind({ gate, phase, status, hasFailed }: StatusInput): StatusKind {
  if (status?.state === 'trouble' || (hasFailed && phase !== 'running')) return 'trouble';
  if (gate.kind !== 'on') return gate.kind;
  if (phase === 'starting') return 'starting';
  return status?.state ?? 'idle';
}

/** Codicon of a kind. */
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

/** "1.3 GB", "412 MB", as the interface's language writes it. */
export function formatBytes(bytes: number): string {
  return bytes >= 1e9
    ? formatNumber(bytes / 1e9, { style: 'unit', unit: 'gigabyte', minimumFractionDigits: 1, maximumFractionDigits: 1 })
    : formatNumber(Math.round(bytes / 1e6), { style: 'unit', unit: 'megabyte' });
}
