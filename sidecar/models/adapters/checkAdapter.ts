import { shown } from '../gguf/shown.ts';
import type { Architecture, WeightSpec } from '../architectures/architecture.ts';
import type { LocatedTensor } from '../gguf/locate.ts';
import type { AdapterFile } from './adapterFile.ts';
import { changesQueries, FORM_KEY, routerName, type ExpertMixture } from './expertMixture.ts';
import type { Factor } from './factor.ts';
import { invalidAdapter } from './invalidAdapter.ts';

/** The matrices that an adapter may change: the projections of attention and of the feed-forward network. */
const ADAPTED = /^blk\.\d+\.(attn_q|attn_k|attn_v|attn_output|ffn_gate|ffn_up|ffn_down)\.weight$/;

/** Whether adapters can change the matrix of this name. */
export const isAdapted = (name: string): boolean => ADAPTED.test(name);

/** The parts of a checked model that decide whether an adapter fits. */
export interface AdaptableModel {
  readonly architecture: Pick<Architecture, 'name'>;
  readonly specs: readonly WeightSpec[];
  readonly tensors: ReadonlyMap<string, LocatedTensor>;
}

/**
 * Checks that an adapter is for a model: its architecture, and the shapes of its factors. Throws `TroubleError`
 * 'invalid-model' with the names of file and tensor, the value found and the value expected.
 */
export function checkAdapter(
  { path: file, architecture, matrices, mixture }: AdapterFile,
  model: AdaptableModel,
): void {
  if (architecture !== model.architecture.name)
    throw invalidAdapter(
      file,
      `it is for the architecture ${shown(architecture)}, but the model has ${shown(model.architecture.name)}`,
    );
  const known = new Set(model.specs.map(({ name }) => name));
  for (const [name, { down, up, rank }] of matrices) {
    if (!isAdapted(name))
      throw invalidAdapter(file, `its tensors change ${shown(name)}, which adapters can't change in this engine`);
    const base = known.has(name) ? model.tensors.get(name) : undefined;
    if (!base) throw invalidAdapter(file, `its tensors change ${shown(name)}, which the model does not have`);
    const [input = 1, output = 1] = base.shape;
    checkShape(file, `${name}.lora_a`, down, [input, rank]);
    checkShape(file, `${name}.lora_b`, up, [rank, output]);
  }
  if (mixture) checkRouters(file, [...matrices.keys()], mixture, model);
  if (mixture?.form === 'attention') checkQueries(file, [...matrices.keys()], model);
}

/** Checks that the experts of a mixture of attention have queries, and that the model is none itself. */
function checkQueries(file: string, changed: readonly string[], { specs }: AdaptableModel): void {
  if (!changesQueries(changed))
    throw invalidAdapter(file, `it changes no attn_q, but ${FORM_KEY} is "attention": each expert needs its queries`);
  const routers = new Set(specs.map(({ name }) => name).filter((name) => name.endsWith('.attn_gate_inp.weight')));
  const mixed = changed.find(
    (name) => name.endsWith('.attn_q.weight') && routers.has(name.replace('attn_q', 'attn_gate_inp')),
  );
  if (mixed)
    throw invalidAdapter(
      file,
      `it is a mixture of attention and changes ${mixed}, but the model's attention is a mixture already`,
    );
}

/** Checks all routers, since each block with a router computes gates. Each changed matrix needs one. */
function checkRouters(
  file: string,
  changed: readonly string[],
  { experts, routers }: ExpertMixture,
  { specs, tensors }: AdaptableModel,
): void {
  const blocks = new Set(specs.map(({ name }) => blockOf(name)));
  const width = tensors.get('token_embd.weight')?.shape[0] ?? 1;
  for (const [block, router] of routers) {
    if (!blocks.has(block))
      throw invalidAdapter(file, `it has the router ${shown(routerName(block))}, but the model has no block ${block}`);
    checkShape(file, routerName(block), router, [width, experts + 1]);
  }
  for (const matrix of changed) {
    const block = blockOf(matrix);
    if (block !== undefined && !routers.has(block))
      throw invalidAdapter(file, `it changes ${shown(matrix)}, but has no router ${shown(routerName(block))}`);
  }
}

/** The block of a tensor of the model. Absent: it is outside of blocks. */
function blockOf(name: string): number | undefined {
  const match = /^blk\.(\d+)\./.exec(name);
  return match ? Number(match[1]) : undefined;
}

function checkShape(file: string, name: string, { shape }: Factor, expected: readonly [number, number]): void {
  if (shape[0] !== expected[0] || shape[1] !== expected[1])
    throw invalidAdapter(
      file,
      `the tensor ${name} has the shape [${shape.join(', ')}], expected [${expected.join(', ')}] for this model`,
    );
}
