import type { DeviceChoice } from '../protocol/client.ts';
import { describeMachine, type Machine } from '../shelf/machine.ts';
import type { FrontModelSession } from './modelSession.ts';

/**
 * What models run on here, as the engine says. One that fails to say it, because a graphics driver brings it down,
 * leaves the processor.
 */
export async function machineOf(session: FrontModelSession, device: DeviceChoice): Promise<Machine> {
  const memory = await session.engine.deviceMemory?.(device).catch(() => undefined);
  return describeMachine(memory, session.status, session.loaded?.sizeBytes);
}
