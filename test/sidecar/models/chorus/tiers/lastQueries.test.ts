import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../../../../kernels/ggml/device.ts';
import { Graph } from '../../../../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../../../../kernels/ggml/graphMemory.ts';
import { contiguous } from '../../../../../kernels/ggml/ops.ts';
import { Storage } from '../../../../../kernels/ggml/storage.ts';
import { readF32, write } from '../../../../../kernels/ggml/transfer.ts';
import {
  rememberedQueries,
  rememberedRows,
  rememberQueries,
} from '../../../../../sidecar/models/chorus/tiers/lastQueries.ts';
import { RememberedPositions } from '../../../../../sidecar/models/chorus/tiers/rememberedPositions.ts';
import { HeldResources } from '../../../../reference/heldResources.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const [HEAD_SIZE, HEADS, TOKENS, KEPT] = [8, 3, 11, 7];

describe(`rememberQueries on ${kind}`, () => {
  for (const isWeighed of [false, true]) {
    it(`overwrites the oldest queries${isWeighed ? ' and their votes' : ''}`, () => {
      using resources = new HeldResources(kind);
      const device = resources.use(new Device(kind));
      const storage = resources.use(new Storage(device, { maxTensors: 1 }));
      const kept = storage.declare('queries', 'F32', [HEADS * (HEAD_SIZE + (isWeighed ? 1 : 0)), KEPT]);
      storage.allocate();
      const query = Float32Array.from({ length: HEAD_SIZE * HEADS * TOKENS }, (_, index) => index);
      const votes = Float32Array.from({ length: HEADS * TOKENS }, (_, index) => -index);
      // More tokens than there are rows, and then two more.
      for (const [from, to] of [
        [0, 9],
        [9, TOKENS],
      ] as const) {
        const graph = resources.use(new Graph(device));
        const memory = resources.use(new DeviceMemory(device));
        const rows = rememberedRows(to, Math.min(to - from, KEPT), kept);
        const inputs = {
          query: graph.input('query', 'F32', [HEAD_SIZE, HEADS, to - from]),
          rows: graph.input('rows', 'I64', [rows.length]),
        };
        const weights = isWeighed ? graph.input('votes', 'F32', [HEADS, to - from]) : undefined;
        rememberQueries(graph, { query: inputs.query, votes: weights }, kept, inputs.rows);
        graph.allocate(memory);
        write(device, inputs.query, query.subarray(from * HEAD_SIZE * HEADS, to * HEAD_SIZE * HEADS));
        write(device, inputs.rows, rows);
        if (weights) write(device, weights, votes.subarray(from * HEADS, to * HEADS));
        graph.computeSync();
      }
      const graph = resources.use(new Graph(device));
      const memory = resources.use(new DeviceMemory(device));
      const rows = graph.input('rows', 'I32', [KEPT]);
      const remembered = rememberedQueries(graph, kept, rows, { headSize: HEAD_SIZE, heads: HEADS });
      const results = [remembered.query, remembered.votes].map((tensor) => tensor && contiguous(graph, tensor));
      for (const tensor of results) if (tensor) graph.expand(tensor, { read: true });
      graph.allocate(memory);
      write(device, rows, Int32Array.from(rememberedRows(TOKENS, KEPT, kept), Number));
      graph.computeSync();
      const [ownQuery, ownVotes] = results.map((tensor) => tensor && readF32(device, tensor));
      assert.deepEqual(ownQuery, query.slice((TOKENS - KEPT) * HEAD_SIZE * HEADS));
      assert.deepEqual(ownVotes, isWeighed ? votes.slice((TOKENS - KEPT) * HEADS) : undefined);
    });
  }
});

describe('RememberedPositions', () => {
  const evaluated = (...lengths: readonly number[]): RememberedPositions => {
    const positions = new RememberedPositions(KEPT);
    let first = 0;
    for (const length of lengths) {
      positions.written(first, first + length);
      first += length;
    }
    return positions;
  };

  it('holds the last tokens, however they were cut', () => {
    for (const positions of [evaluated(20), evaluated(3, 16, 1), evaluated(19, 1)]) {
      assert.ok(positions.hold(20 - KEPT, 20));
      assert.ok(!positions.hold(19 - KEPT, 19));
    }
  });

  it('does not hold tokens that were overwritten by drafts', () => {
    const positions = evaluated(20);
    positions.written(20, 23);
    assert.ok(positions.hold(16, 20));
    assert.ok(!positions.hold(15, 20));
  });

  it('does not hold tokens that an interrupted evaluation overwrote, until they are evaluated again', () => {
    const positions = evaluated(20);
    positions.forget(20, 20 + KEPT);
    assert.ok(!positions.hold(19, 20));
    positions.written(17, 20);
    assert.ok(positions.hold(17, 20));
  });

  it('does not hold copied tokens, even if their rows held others before', () => {
    const positions = evaluated(20);
    positions.forget(15, 20);
    positions.written(20, 22);
    assert.ok(!positions.hold(19, 22));
    assert.ok(positions.hold(20, 22));
  });

  it('holds nothing without rows, and not more tokens than rows', () => {
    assert.ok(!new RememberedPositions(0).hold(0, 1));
    assert.ok(new RememberedPositions(0).hold(3, 3));
    assert.ok(!evaluated(20).hold(19 - KEPT, 20));
  });
});
