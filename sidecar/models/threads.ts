import { readFile, readdir } from 'node:fs/promises';
import os from 'node:os';

/**
 * Chooses the number of compute threads; `requested` 0 means automatic. Never exceeds the cores that this process may
 * use: with more threads the CPU backend is hundreds of times slower, waiting for itself.
 *
 * The default is a thread per physical core, but at least two. The second thread of a core adds nothing to matrix
 * products.
 */
export async function computeThreads(requested: number): Promise<number> {
  const available = os.availableParallelism();
  if (requested > 0) return Math.min(Math.floor(requested), available);
  const physical = (await physicalCores()) ?? available;
  return Math.max(1, Math.min(available, Math.max(2, physical)));
}

/**
 * The number of physical cores. Linux tells which hardware threads share a core. `undefined` if the system does not
 * say.
 */
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
