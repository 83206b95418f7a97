import type { DeviceChoice } from '../protocol/client.ts';
import { describeMachine, type Machine } from '../shelf/machine.ts';
import type { FrontModelSession } from './modelSession.ts';

/**
 * Returns the devices that models can run on, as the engine reports them. If a graphics driver crashes the engine, only
 * the processor remains.
 */
export async function machineOf(session: FrontModelSession, device: DeviceChoice): Promise<Machine> {
  const memory = await session.engine.deviceMemory?.(device).catch(() => undefined);
  return describeMachine(memory, session.status, session.loaded?.sizeBytes);
}
