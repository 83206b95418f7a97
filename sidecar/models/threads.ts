import { readFile, readdir } from 'node:fs/promises';
import os from 'node:os';

/**
 * Compute threads for a request of `requested` (0: choose). Never above the cores this process may use: more threads
 * than cores make the CPU backend wait on itself, hundreds of times slower. The choice is one thread per physical core,
 * since the second thread of a core adds nothing to matrix products, but at least two.
 */
export async function computeThreads(requested: number): Promise<number> {
  const available = os.availableParallelism();
  if (requested > 0) return Math.min(Math.floor(requested), available);
  const physical = (await physicalCores()) ?? available;
  return Math.max(1, Math.min(available, Math.max(2, physical)));
}

/** Linux tells which hardware threads share a core. `undefined` where the system doesn't say. */
async function physicalCores(): Promise<number | undefined> {
  const folder = '/sys/devices/system/cpu';
  try {
    const names = (await readdir(folder)).filter((name) => /^cpu\d+$/.test(name));
    const siblings = await Promise.all(
      names.map((name) => readFile(`${folder}/${name}/topology/thread_siblings_list`, 'utf8').catch(() => undefined)),
    );
    const cores = new Set(siblings.filter((list) => list !== undefined));
    return cores.size > 0 ? cores.size : undefined;
  } catch {
    return undefined;
  }
}
