import { readFile } from 'node:fs/promises';
import os from 'node:os';
import process from 'node:process';
import { TroubleError } from '../engine/engine.ts';
import { formatBytes } from './gguf/header.ts';
import type { ModelShape } from './gguf/validate.ts';

/** Largest context per sequence taken unasked, in tokens. */
const DEFAULT_CONTEXT_TOKENS = 8_192;
const LEAST_CONTEXT_TOKENS = 512;
/** One for completions, the others for chats. */
const PREFERRED_SEQUENCES = 3;
const CACHE_ELEMENT_BYTES = 2;
/** Left to the rest of the machine. */
const RESERVE_BYTES = 256e6;
/** Code, tables and the vocabulary, besides what is computed below. */
const FIXED_BYTES = 128e6;

export interface MemoryPlan {
  readonly contextSizeTokens: number;
  readonly sequences: number;
  readonly neededBytes: number;
}

export interface MemoryRequest {
  readonly modelName: string;
  readonly shape: ModelShape;
  /** Of all parts of the model. */
  readonly weightBytes: number;
  /** Main memory and, where a GPU is used, its memory. */
  readonly availableBytes: number;
  readonly batchTokens: number;
  /** Whether attention holds a batch's scores against the whole context, as it does without the flash kernel. */
  readonly keepsScores: boolean;
  /** 0 chooses. */
  readonly contextSizeTokens: number;
}

/**
 * The largest context that fits, up to the default or what the user asked for, never above what the model was trained on. Throws
 * `TroubleError` 'out-of-memory' with the numbers where not even the least fits.
 */
export function planMemory(request: MemoryRequest): MemoryPlan {
  const { shape } = request;
  const most = Math.min(shape.trainContextTokens, request.contextSizeTokens > 0 ? request.contextSizeTokens : DEFAULT_CONTEXT_TOKENS);
  const least = request.contextSizeTokens > 0 ? most : Math.min(most, LEAST_CONTEXT_TOKENS);
  let neededBytes = 0;
  for (let context = most; context >= least; context = Math.floor(context / 2)) {
    for (let sequences = PREFERRED_SEQUENCES; sequences >= 2; sequences--) {
      neededBytes = bytesFor(request, context, sequences);
      if (neededBytes + RESERVE_BYTES <= request.availableBytes) return { contextSizeTokens: context, sequences, neededBytes };
    }
  }
  const cache = request.contextSizeTokens > 0 ? ` with a context of ${most} tokens` : '';
  throw new TroubleError(
    'out-of-memory',
    `${request.modelName} needs about ${formatBytes(neededBytes)} of memory${cache} (weights ${formatBytes(request.weightBytes)}), ` +
      `${formatBytes(Math.max(0, request.availableBytes - RESERVE_BYTES))} are free. Close other programs, or choose a smaller model${cache && ' or context'}.`,
  );
}

function bytesFor({ shape, weightBytes, batchTokens, keepsScores }: MemoryRequest, contextTokens: number, sequences: number): number {
  const cacheBytes = shape.cacheElementsPerToken * CACHE_ELEMENT_BYTES * contextTokens * sequences;
  // Of a mixture of attention the queries, what they attend, and that scaled by the gates.
  const mixtureElements = 4 * shape.queryElementsPerToken / shape.blockCount;
  const computeBytes = batchTokens * (shape.vocabularySize + 16 * shape.embeddingLength + mixtureElements) * 4;
  const scoreBytes = keepsScores ? 2 * batchTokens * contextTokens * shape.headCount * 4 : 0;
  return weightBytes + cacheBytes + computeBytes + scoreBytes + FIXED_BYTES;
}

/** Main memory that can still be taken without driving others out, in bytes. */
export async function availableMemoryBytes(): Promise<number> {
  const limit = process.constrainedMemory();
  const free = (await memAvailable()) ?? os.freemem();
  return limit > 0 && limit < os.totalmem() ? Math.min(free, limit) : free;
}

async function memAvailable(): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  const table = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const match = /^MemAvailable:\s+(\d+) kB$/m.exec(table);
  return match ? Number(match[1]) * 1024 : undefined;
}
