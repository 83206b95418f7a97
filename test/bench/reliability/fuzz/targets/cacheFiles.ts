import { writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { chunkFileBytes, openChunk, sealChunk } from '../../../../../sidecar/keptContexts/chunkFile.ts';
import { CHUNK_TOKENS, chunkNames } from '../../../../../sidecar/keptContexts/chunkNames.ts';
import { ContextStore } from '../../../../../sidecar/keptContexts/contextStore.ts';
import { readHeadNeeds } from '../../../../../sidecar/models/chorus/tiers/headNeedsFile.ts';
import type { ContextSet } from '../../../../../sidecar/protocol/engine.ts';
import { notedRules } from '../../../../../sidecar/front/contextRules.ts';
import { PromptSpeeds } from '../../../../../sidecar/front/promptSpeeds.ts';
import { readStateFile } from '../../../../../sidecar/client/stateFile.ts';
import { mutatedJson } from '../json.ts';
import type { Random } from '../random.ts';
import type { FuzzTarget } from '../target.ts';

type Kind = 'chunk' | 'speeds' | 'needs' | 'rules' | 'state';
interface CacheFile {
  readonly kind: Kind;
  readonly bytes: Uint8Array;
}

const ROWS_BYTES = 512;
/** Most are chunks of contexts. The others are the files that Chorus keeps beside them. */
const KINDS: readonly Kind[] = ['chunk', 'chunk', 'chunk', 'chunk', 'speeds', 'needs', 'rules', 'state'];
const SAMPLES: Readonly<Record<Exclude<Kind, 'chunk'>, unknown>> = {
  speeds: [
    ['/models/a.gguf', 812.5],
    ['/models/b.gguf', 41],
  ],
  needs: [
    [
      '0'.repeat(64),
      [
        [0.5, 1],
        [2, 3],
      ],
    ],
  ],
  rules: { vscode: 'a1b2', lsp: 'c3d4' },
  state: {
    port: 41_835,
    token: 'a'.repeat(43),
    serverToken: 'b'.repeat(43),
    pid: 16_696,
    version: '0.1.0',
    protocolVersion: 1,
    launchId: 'x',
    startedAt: '2026-01-01T00:00:00Z',
    script: '/x',
  },
};
/** The offsets of numbers in a chunk's head. */
const FIELDS = [0, 8, 12, 16, 24, 56];
const NUMBERS = [0, 1, 255, 256, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/** Files of evaluated contexts on a real disk, read by their store, and the small files beside them. */
export async function openCacheFiles(): Promise<FuzzTarget<CacheFile>> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-fuzz-'));
  const set: ContextSet = { folder, name: 'set', maxBytes: 1e9 };
  await mkdir(path.join(folder, set.name));
  const lines: string[] = [];
  const store = new ContextStore((line) => lines.push(line));
  const name = chunkNames(
    'model',
    Array.from({ length: CHUNK_TOKENS }, (_, index) => index),
  )[0] as string;
  const chunk = openChunk(name, ROWS_BYTES);
  chunk.rows.set(Uint8Array.from({ length: ROWS_BYTES }, (_, index) => index % 251));
  const whole = Buffer.from(await sealChunk(chunk));
  const paths: Readonly<Record<Kind, string>> = {
    chunk: path.join(folder, set.name, `${name}.rows`),
    speeds: path.join(folder, 'speeds.json'),
    needs: path.join(folder, 'needs.json'),
    rules: path.join(folder, set.name, 'rules'),
    state: path.join(folder, 'sidecar.json'),
  };

  const read: Readonly<Record<Kind, (bytes: Uint8Array) => Promise<boolean>>> = {
    chunk: async (bytes) => {
      const rows = await store.read(set, name, ROWS_BYTES);
      const isWhole = whole.equals(bytes);
      if ((rows !== undefined) !== isWhole)
        throw new Error(isWhole ? 'an intact chunk was dropped' : 'a damaged chunk was accepted');
      if (rows === undefined && lines.splice(0).length !== 1)
        throw new Error('the log has no line about a dropped chunk');
      return isWhole;
    },
    speeds: async () => {
      const speed = (await PromptSpeeds.open(paths.speeds)).of('/models/a.gguf');
      if (speed !== undefined && !(speed > 0)) throw new Error(`a speed of ${speed}`);
      return speed !== undefined;
    },
    needs: async () => (await readHeadNeeds(paths.needs, { key: 'model', heads: [2, 2] })) !== undefined,
    rules: async () => Object.keys((await notedRules(set)) ?? {}).length > 0,
    state: async () => (await readStateFile(paths.state)) !== undefined,
  };
  return {
    title: 'files of evaluated contexts, of measured speeds and needs, of rules, and the state file, on a disk',
    make: (random) => {
      const kind = random.of(KINDS);
      return {
        kind,
        bytes: kind === 'chunk' ? damagedChunk(random, whole) : Buffer.from(mutatedJson(random, SAMPLES[kind])),
      };
    },
    run: ({ kind, bytes }) => {
      writeFileSync(paths[kind], bytes, { mode: 0o600 });
      return read[kind](bytes);
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

function damagedChunk(random: Random, whole: Buffer): Buffer {
  let bytes = Buffer.from(whole);
  for (let change = random.once(30) ? 0 : 1 + random.below(3); change > 0; change--) {
    const at = random.below(bytes.length);
    switch (random.below(5)) {
      case 0:
        bytes[at] = random.below(256);
        break;
      case 1:
        if (bytes.length >= 64) bytes.writeUInt32LE(random.of(NUMBERS), random.of(FIELDS));
        break;
      case 2:
        bytes = bytes.subarray(0, at);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(64))]);
        break;
      default:
        bytes = Buffer.concat([bytes, Buffer.alloc(1 + random.below(chunkFileBytes(ROWS_BYTES)), random.below(256))]);
    }
    if (bytes.length === 0) break;
  }
  return bytes;
}
