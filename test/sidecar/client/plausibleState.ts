import type { SidecarState } from '../../../sidecar/client/stateFile.ts';

/** Returns the state of an earlier launch, as its state file holds it. */
export const plausibleState = (port: number, pid: number): SidecarState => ({
  port,
  pid,
  token: 't'.repeat(43),
  serverToken: 's'.repeat(43),
  version: '1.0.0',
  protocolVersion: 1,
  launchId: 'an-old-launch',
  startedAt: new Date().toISOString(),
});
