import assert from 'node:assert/strict';
import type { FileHandle } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { ByteReader, UnexpectedEndError } from '../../../../sidecar/models/gguf/byteReader.ts';

describe('ByteReader', () => {
  test('refuses a file that became shorter after its size was read', async () => {
    let reads = 0;
    const read = (buffer: Buffer): Promise<{ bytesRead: number; buffer: Buffer }> => {
      if (++reads > 2) throw new Error('reads on after the end of the file');
      return Promise.resolve({ bytesRead: reads === 1 ? 4 : 0, buffer });
    };
    const reader = new ByteReader({ read } as unknown as FileHandle, 8);
    await assert.rejects(
      reader.need(8),
      (error) => error instanceof UnexpectedEndError && error.wantedUntilByte === 8 && error.fileSizeBytes === 4,
    );
  });
});
