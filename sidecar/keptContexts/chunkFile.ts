import { webcrypto } from 'node:crypto';
import { CHUNK_TOKENS, FORMAT_VERSION } from './chunkNames.ts';

/*
 * A chunk's file has a head of 64 bytes, the rows, and the SHA-256 of both. Integers are little-endian.
 *
 *   0  "CHORUSKV"
 *   8  u32  version
 *  12  u32  tokens
 *  16  u64  bytes of the rows
 *  24  32   the chunk's name
 *  56  8    zeros
 */
const MAGIC = 'CHORUSKV';
const HEAD_BYTES = 64;
const DIGEST_BYTES = 32;

/** A chunk's file is not valid. The message says why. */
export class ChunkFault extends Error {
  override readonly name = 'ChunkFault';
}

/** Returns the size of a file for rows of so many bytes. */
export function chunkFileBytes(rowsBytes: number): number {
  return HEAD_BYTES + rowsBytes + DIGEST_BYTES;
}

/** A chunk's file without its checksum, and the part of it for the rows. */
export interface OpenChunk {
  readonly file: Buffer;
  readonly rows: Uint8Array;
}

/** Creates a chunk's file with its head. The caller writes the rows. */
export function openChunk(name: string, rowsBytes: number): OpenChunk {
  const file = Buffer.alloc(chunkFileBytes(rowsBytes));
  writeHead(file, name, rowsBytes);
  return { file, rows: file.subarray(HEAD_BYTES, HEAD_BYTES + rowsBytes) };
}

/** Writes the checksum, which completes the file. */
export async function sealChunk({ file }: OpenChunk): Promise<Uint8Array> {
  const end = file.length - DIGEST_BYTES;
  file.set(await digest(file.subarray(0, end)), end);
  return file;
}

/** Returns the rows in a chunk's file. Throws `ChunkFault` unless the file is exactly as it was written. */
export async function decodeChunk(file: Uint8Array, name: string, rowsBytes: number): Promise<Uint8Array> {
  const expected = Buffer.alloc(HEAD_BYTES);
  writeHead(expected, name, rowsBytes);
  const head = Buffer.from(file.buffer, file.byteOffset, Math.min(file.byteLength, HEAD_BYTES));
  if (head.length < HEAD_BYTES) throw new ChunkFault(`has ${file.byteLength} bytes, fewer than its head alone`);
  if (head.toString('latin1', 0, MAGIC.length) !== MAGIC) throw new ChunkFault('is no kept context');
  if (head.readUInt32LE(8) !== FORMAT_VERSION)
    throw new ChunkFault(`has version ${head.readUInt32LE(8)}, expected ${FORMAT_VERSION}`);
  if (!head.subarray(24, 56).equals(expected.subarray(24, 56)))
    throw new ChunkFault('is of another model or context than its name says');
  if (!head.equals(expected))
    throw new ChunkFault(
      `holds ${head.readUInt32LE(12)} tokens in ${head.readBigUInt64LE(16)} bytes, expected ${CHUNK_TOKENS} in ${rowsBytes}`,
    );
  if (file.byteLength !== chunkFileBytes(rowsBytes))
    throw new ChunkFault(`has ${file.byteLength} bytes, expected ${chunkFileBytes(rowsBytes)}`);
  const end = HEAD_BYTES + rowsBytes;
  if (!(await digest(file.subarray(0, end))).equals(file.subarray(end)))
    throw new ChunkFault('does not have the checksum that was written with it');
  return file.subarray(HEAD_BYTES, end);
}

function writeHead(head: Buffer, name: string, rowsBytes: number): void {
  head.write(MAGIC, 'latin1');
  head.writeUInt32LE(FORMAT_VERSION, 8);
  head.writeUInt32LE(CHUNK_TOKENS, 12);
  head.writeBigUInt64LE(BigInt(rowsBytes), 16);
  head.write(name, 24, 32, 'hex');
}

/** Hashes on another thread, so that no token waits for the hash of megabytes. */
async function digest(bytes: Uint8Array): Promise<Buffer> {
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
}
