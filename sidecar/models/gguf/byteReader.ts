import type { FileHandle } from 'node:fs/promises';

const CHUNK_BYTES = 256 * 1024;

/** Thrown by a read past the end of the file. The header reader turns it into a `TroubleError`. */
export class UnexpectedEndError extends Error {
  override readonly name = 'UnexpectedEndError';

  constructor(
    readonly wantedUntilByte: number,
    readonly fileSizeBytes: number,
  ) {
    super(`Expected data up to byte ${wantedUntilByte}, the file ends at ${fileSizeBytes}`);
  }
}

/**
 * Reads little-endian values in order from a file in chunks. So a header with megabytes of vocabulary needs only a
 * small buffer. `need(n)` makes the next `n` bytes readable; the `take…` methods that follow are synchronous.
 */
export class ByteReader {
  #buffer: Buffer = Buffer.alloc(0);
  #bufferStart = 0;
  #position = 0;

  constructor(
    private readonly file: FileHandle,
    readonly fileSizeBytes: number,
  ) {}

  /** The position from the beginning of the file, in bytes. */
  get offset(): number {
    return this.#bufferStart + this.#position;
  }

  get remainingBytes(): number {
    return this.fileSizeBytes - this.offset;
  }

  has(bytes: number): boolean {
    return this.#buffer.length - this.#position >= bytes;
  }

  /** Makes the next bytes readable. Throws `UnexpectedEndError` if the file has fewer than `bytes` left. */
  async need(bytes: number): Promise<void> {
    if (this.has(bytes)) return;
    if (bytes > this.remainingBytes) throw new UnexpectedEndError(this.offset + bytes, this.fileSizeBytes);
    const rest = this.#buffer.subarray(this.#position);
    const next = Buffer.allocUnsafe(Math.min(this.remainingBytes, Math.max(bytes, CHUNK_BYTES)));
    rest.copy(next);
    const start = this.offset;
    let filled = rest.length;
    while (filled < next.length) {
      const { bytesRead } = await this.file.read(next, filled, next.length - filled, start + filled);
      if (bytesRead === 0) throw new UnexpectedEndError(start + bytes, start + filled);
      filled += bytesRead;
    }
    this.#bufferStart = start;
    this.#position = 0;
    this.#buffer = next;
  }

  /** Moves forward without reading. Throws `UnexpectedEndError` past the end. */
  skip(bytes: number): void {
    if (bytes > this.remainingBytes) throw new UnexpectedEndError(this.offset + bytes, this.fileSizeBytes);
    if (this.has(bytes)) {
      this.#position += bytes;
      return;
    }
    this.#bufferStart = this.offset + bytes;
    this.#position = 0;
    this.#buffer = Buffer.alloc(0);
  }

  /** A view of the next bytes. It is valid until the next `need`. */
  takeBytes(bytes: number): Buffer {
    const view = this.#buffer.subarray(this.#position, this.#position + bytes);
    this.#position += bytes;
    return view;
  }

  takeUint8(): number {
    return this.#advance(1, this.#buffer.readUInt8(this.#position));
  }

  takeInt8(): number {
    return this.#advance(1, this.#buffer.readInt8(this.#position));
  }

  takeUint16(): number {
    return this.#advance(2, this.#buffer.readUInt16LE(this.#position));
  }

  takeInt16(): number {
    return this.#advance(2, this.#buffer.readInt16LE(this.#position));
  }

  takeUint32(): number {
    return this.#advance(4, this.#buffer.readUInt32LE(this.#position));
  }

  takeInt32(): number {
    return this.#advance(4, this.#buffer.readInt32LE(this.#position));
  }

  takeFloat32(): number {
    return this.#advance(4, this.#buffer.readFloatLE(this.#position));
  }

  takeFloat64(): number {
    return this.#advance(8, this.#buffer.readDoubleLE(this.#position));
  }

  /** Returns the next value without moving on. Absent if its bytes are not readable yet. */
  peekUint64(): number | undefined {
    return this.has(8) ? this.#uint64() : undefined;
  }

  /** Loses precision above 2^53, which no count or size in a real file reaches. */
  takeUint64(): number {
    return this.#advance(8, this.#uint64());
  }

  takeInt64(): number {
    return this.#advance(8, Number(this.#buffer.readBigInt64LE(this.#position)));
  }

  /** Faster than by way of a `bigint`. */
  #uint64(): number {
    return this.#buffer.readUInt32LE(this.#position) + 2 ** 32 * this.#buffer.readUInt32LE(this.#position + 4);
  }

  #advance<T>(bytes: number, value: T): T {
    this.#position += bytes;
    return value;
  }
}
