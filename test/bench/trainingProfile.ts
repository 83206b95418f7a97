/**
 * Profiles a training: nodes are computed one by one, and the processor time of each is measured, over all threads.
 * With one thread, which waits for no other, that is the pure work, whatever the other load.
 */
import koffi from 'koffi';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Pointer } from '../../kernels/ggml/bindings.ts';
import { DeviceMemory } from '../../kernels/ggml/graphMemory.ts';
import { libraryFolder } from '../../kernels/ggml/libraries.ts';
import { tensorTypes } from '../../kernels/ggml/types.ts';
import { processorMs } from './processorTime.ts';

/** All nodes with the same operation, types and shapes. */
interface ProfiledNodes {
  readonly what: string;
  count: number;
  ms: number;
  /** For products: the multiplications and additions. */
  flops: number;
}

const typeNames = new Map(Object.entries(tensorTypes).map(([name, { id }]) => [id as number, name]));
const TYPE = 0;
const EXTENTS = 16;
const SOURCES = 152;
const GRAPH_BYTES = 64 * 1024;

/** Replaces the computation of graphs by one that times each node. Returns the counts, and a function that ends it. */
function profileGraphs(): { readonly nodes: ReadonlyMap<string, ProfiledNodes>; stop(): void } {
  const folder = libraryFolder('cpu');
  const base = koffi.load(
    path.join(folder, readdirSync(folder).find((name) => /^(lib)?ggml-base\.(so|dylib|dll)$/.test(name)) as string),
  );
  const graphNode = base.func('ggml_graph_node', 'void *', ['void *', 'int']) as (
    graph: Pointer,
    index: number,
  ) => Pointer;
  const addNode = base.func('ggml_graph_add_node', 'void', ['void *', 'void *']) as (
    graph: Pointer,
    node: Pointer,
  ) => void;
  const describe = base.func('ggml_op_desc', 'const char *', ['void *']) as (node: Pointer) => string;
  const nodes = new Map<string, ProfiledNodes>();
  const original = Object.getOwnPropertyDescriptor(DeviceMemory.prototype, 'compute') as PropertyDescriptor;
  const compute = function (this: DeviceMemory, graph: Pointer): Promise<number> {
    const { functions } = this.device;
    const count = functions.ggml_graph_n_nodes(graph);
    for (let index = 0; index < count; index++) {
      const node = graphNode(graph, index);
      const context = this.device.createContext(GRAPH_BYTES);
      const single = functions.ggml_new_graph_custom(context, 8, false);
      addNode(single, node);
      const startMs = processorMs();
      const status = functions.ggml_backend_graph_compute(this.device.pointer, single);
      const ms = processorMs() - startMs;
      functions.ggml_free(context);
      if (status !== 0) return Promise.resolve(status);
      const op = describe(node);
      const sources = Array.from(
        { length: 2 },
        (_, source) => koffi.decode(node, SOURCES + 8 * source, 'void *') as Pointer | null,
      ).filter((source) => source !== null);
      const what = `${op} ${sources.map(nameOf).join(' · ')} → ${nameOf(node)}`;
      const flops =
        op === 'MUL_MAT'
          ? 2 *
            extentsOf(node).reduce((product, extent) => product * extent, 1) *
            (extentsOf(sources[0] as Pointer)[0] as number)
          : 0;
      const entry = nodes.get(what) ?? { what, count: 0, ms: 0, flops: 0 };
      nodes.set(what, { what, count: entry.count + 1, ms: entry.ms + ms, flops: entry.flops + flops });
    }
    return Promise.resolve(0);
  };
  Object.defineProperty(DeviceMemory.prototype, 'compute', { ...original, value: compute });
  return { nodes, stop: () => void Object.defineProperty(DeviceMemory.prototype, 'compute', original) };
}

function extentsOf(tensor: Pointer): number[] {
  return Array.from({ length: 4 }, (_, dimension) => Number(koffi.decode(tensor, EXTENTS + 8 * dimension, 'int64_t')));
}

function nameOf(tensor: Pointer): string {
  const type = koffi.decode(tensor, TYPE, 'int') as number;
  return `${typeNames.get(type) ?? type}[${extentsOf(tensor)
    .join(', ')
    .replace(/(, 1)+$/, '')}]`;
}

/** Computes `step` twice and prints the time of the second by operation. */
export async function printProfile(step: () => Promise<void>): Promise<void> {
  await step();
  const profile = profileGraphs();
  await step();
  profile.stop();
  const nodes = [...profile.nodes.values()].sort((a, b) => b.ms - a.ms);
  const total = nodes.reduce((sum, { ms }) => sum + ms, 0);
  const line = (what: string, count: number, ms: number, flops: number): string =>
    `${ms.toFixed(1).padStart(9)} ms ${((100 * ms) / total).toFixed(1).padStart(5)} % ${String(count).padStart(5)} × ${(flops > 0 ? `${(flops / ms / 1e6).toFixed(0)} GFLOP/s` : '').padStart(12)}  ${what}`;
  const kinds = new Map<string, { count: number; ms: number; flops: number }>();
  for (const { what, count, ms, flops } of nodes) {
    const kind = what.split(' ')[0] as string;
    const sum = kinds.get(kind) ?? { count: 0, ms: 0, flops: 0 };
    kinds.set(kind, { count: sum.count + count, ms: sum.ms + ms, flops: sum.flops + flops });
  }
  console.log(`${total.toFixed(0)} ms`);
  for (const [kind, sum] of [...kinds].sort(([, a], [, b]) => b.ms - a.ms))
    console.log(line(kind, sum.count, sum.ms, sum.flops));
  console.log();
  for (const { what, count, ms, flops } of nodes.slice(0, 60)) console.log(line(what, count, ms, flops));
}
