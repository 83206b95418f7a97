import { writeFile, rm, open } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../fuzz/random.ts';
import { malformedFrames } from '../fuzz/frames.ts';
import { SoakClient, type SoakClientOptions } from './client.ts';
import type { Monitor } from './monitor.ts';
import type { RunProcess } from './processes.ts';
import type { SoakUser } from './user.ts';

const ENGINE_STOPPED_MS = 30_000;
const FRONT_STOPPED_MS = 15_000;
const DISK_FULL_MS = 60_000;
const FRAMES = 200;

export interface FaultParts {
  readonly random: Random;
  readonly monitor: Monitor;
  readonly users: readonly SoakUser[];
  readonly open: SoakClientOptions;
  readonly home: string;
  readonly hasOwnDisk: boolean;
  /** Whether no fault may end the front. */
  readonly sparesFront: boolean;
}

type Fault = (parts: FaultParts) => Promise<void>;

const FRONT_KILL = 'kill -9 of the front';

/** The possible faults of a sidecar. Each restores the machine's state at its end. */
const FAULTS: Readonly<Record<string, Fault>> = {
  'kill -9 of the engine': async ({ monitor }) => signal(monitor, 'engine', 'SIGKILL'),
  [FRONT_KILL]: async ({ monitor }) => signal(monitor, 'front', 'SIGKILL'),
  'engine stopped for 30 s': async ({ monitor }) => stopFor(monitor, 'engine', ENGINE_STOPPED_MS),
  'front stopped for 15 s': async ({ monitor }) => stopFor(monitor, 'front', FRONT_STOPPED_MS),
  'all windows crash': async ({ users }) => {
    for (const user of users) user.drop();
  },
  'malformed frames': sendMalformedFrames,
  'full disk for 60 s': fillDisk,
};

/** Faults in a random order. Each occurs once before any is repeated. */
export class FaultDeck {
  #left: string[] = [];

  constructor(private readonly parts: FaultParts) {}

  next(): string {
    if (this.#left.length === 0)
      this.#left = Object.keys(FAULTS)
        .filter((kind) => this.parts.hasOwnDisk || !kind.includes('disk'))
        .filter((kind) => !this.parts.sparesFront || kind !== FRONT_KILL);
    return this.#left.splice(this.parts.random.below(this.#left.length), 1)[0] as string;
  }

  async happen(kind: string): Promise<void> {
    await FAULTS[kind]?.(this.parts);
  }
}

function processOf(monitor: Monitor, role: RunProcess['role']): RunProcess | undefined {
  return monitor.processes.find((process) => process.role === role);
}

function signal(monitor: Monitor, role: RunProcess['role'], name: NodeJS.Signals): void {
  const found = processOf(monitor, role);
  if (found) process.kill(found.pid, name);
}

async function stopFor(monitor: Monitor, role: RunProcess['role'], ms: number): Promise<void> {
  const found = processOf(monitor, role);
  if (!found) return;
  process.kill(found.pid, 'SIGSTOP');
  await sleep(ms);
  // The process may have ended meanwhile.
  if (monitor.processes.some(({ pid }) => pid === found.pid)) process.kill(found.pid, 'SIGCONT');
}

async function sendMalformedFrames({ random, open: options }: FaultParts): Promise<void> {
  for (const isBinary of [false, true]) {
    const client = await SoakClient.open(options);
    for (const frame of malformedFrames(random, FRAMES)) client.send(frame, { binary: isBinary });
    await sleep(500);
    client.drop();
  }
}

async function fillDisk({ home }: FaultParts): Promise<void> {
  const file = path.join(home, 'filler');
  await writeFile(file, '');
  const handle = await open(file, 'a');
  try {
    for (const bytes of [2 ** 20, 2 ** 12, 1]) {
      const block = Buffer.alloc(bytes);
      while (
        await handle.write(block).then(
          ({ bytesWritten }) => bytesWritten === bytes,
          () => false,
        )
      );
    }
    await sleep(DISK_FULL_MS);
  } finally {
    await handle.close();
    await rm(file, { force: true });
  }
}
