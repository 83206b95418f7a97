import { execa } from 'execa';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

/** Returns the bytes that a program can still allocate, limited by a container, without pressing other programs. */
export async function availableMemoryBytes(): Promise<number> {
  const limit = process.constrainedMemory();
  const free = (await systemAvailableBytes()) ?? os.freemem();
  return limit > 0 && limit < os.totalmem() ? Math.min(free, Math.max(0, limit - (await controlGroupBytes()))) : free;
}

/** Returns the bytes that the container's programs hold of its limit, or 0 if unknown. */
async function controlGroupBytes(): Promise<number> {
  if (process.platform !== 'linux') return 0;
  const read = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');
  const own = /^0::(\/.*)$/m.exec(await read('/proc/self/cgroup'))?.[1] ?? '/';
  // A container usually sees its own group as the root. Version 1 of control groups has a separate hierarchy for
  // memory.
  for (const [folder, usage] of [
    [path.join('/sys/fs/cgroup', own), 'memory.current'],
    ['/sys/fs/cgroup', 'memory.current'],
    ['/sys/fs/cgroup/memory', 'memory.usage_in_bytes'],
  ] as const) {
    const held = ofControlGroup(await read(path.join(folder, usage)), await read(path.join(folder, 'memory.stat')));
    if (held !== undefined) return held;
  }
  return 0;
}

/**
 * Parses a control group's usage and statistics. Subtracts inactive files, which the system drops when memory is
 * needed. Returns `undefined` if the texts can't be parsed.
 */
export function ofControlGroup(usage: string, statistics: string): number | undefined {
  if (!/^\d+\s*$/.test(usage)) return undefined;
  const inactive =
    (/^total_inactive_file (\d+)$/m.exec(statistics) ?? /^inactive_file (\d+)$/m.exec(statistics))?.[1] ?? '0';
  return Math.max(0, Number(usage) - Number(inactive));
}

/** Free memory and memory that is released on demand. `os.freemem()` includes the latter only on Windows. */
async function systemAvailableBytes(): Promise<number | undefined> {
  if (process.platform === 'linux') return ofMeminfo(await readFile('/proc/meminfo', 'utf8').catch(() => ''));
  if (process.platform === 'darwin')
    return ofVmStat((await execa('/usr/bin/vm_stat', { reject: false, timeout: 2_000 })).stdout ?? '');
  return undefined;
}

function ofMeminfo(table: string): number | undefined {
  const match = /^MemAvailable:\s+(\d+) kB$/m.exec(table);
  return match ? Number(match[1]) * 1024 : undefined;
}

/**
 * Parses macOS's `vm_stat`: adds the pages that are free, read ahead or inactive. Returns `undefined` if the text can't
 * be parsed.
 */
export function ofVmStat(table: string): number | undefined {
  const pageBytes = /\(page size of (\d+) bytes\)/.exec(table)?.[1];
  const pages = ['free', 'speculative', 'inactive'].map(
    (kind) => new RegExp(`^Pages ${kind}:\\s+(\\d+)\\.?$`, 'm').exec(table)?.[1],
  );
  if (pageBytes === undefined || pages.includes(undefined)) return undefined;
  return Number(pageBytes) * pages.reduce((sum, count) => sum + Number(count), 0);
}
