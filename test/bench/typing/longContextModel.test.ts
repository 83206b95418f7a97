import assert from 'node:assert/strict';
import { it } from 'node:test';
import { longContextModel } from './longContextModel.ts';

it('longContextModel refuses a split model', async () => {
  await assert.rejects(
    longContextModel('/models/small-00001-of-00002.gguf', 4_096),
    /small-00001-of-00002\.gguf is one of 2 parts: only a model of one file is stretched/,
  );
});
