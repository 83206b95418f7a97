import { execa } from 'execa';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import process from 'node:process';

/** Memory that a program can still take without pressing others, or that a container allows, in bytes. */
export async function availableMemoryBytes(): Promise<number> {
  const limit = process.constrainedMemory();
  const free = (await systemAvailableBytes()) ?? os.freemem();
  return limit > 0 && limit < os.totalmem() ? Math.min(free, limit) : free;
}

/** What is free, and what is given up as soon as it is needed, which `os.freemem()` counts on Windows alone. */
async function systemAvailableBytes(): Promise<number | undefined> {
  if (process.platform === 'linux') return ofMeminfo(await readFile('/proc/meminfo', 'utf8').catch(() => ''));
  if (process.platform === 'darwin') return ofVmStat((await execa('/usr/bin/vm_stat', { reject: false, timeout: 2_000 })).stdout ?? '');
  return undefined;
}

function ofMeminfo(table: string): number | undefined {
  const match = /^MemAvailable:\s+(\d+) kB$/m.exec(table);
  return match ? Number(match[1]) * 1024 : undefined;
}

/** Of macOS's `vm_stat`: pages that are free, those read ahead among them, and those that nobody touched lately; `undefined` where it says something else. */
export function ofVmStat(table: string): number | undefined {
  const pageBytes = /\(page size of (\d+) bytes\)/.exec(table)?.[1];
  const pages = ['free', 'speculative', 'inactive'].map((kind) => new RegExp(`^Pages ${kind}:\\s+(\\d+)\\.?$`, 'm').exec(table)?.[1]);
  if (pageBytes === undefined || pages.includes(undefined)) return undefined;
  return Number(pageBytes) * pages.reduce((sum, count) => sum + Number(count), 0);
}
