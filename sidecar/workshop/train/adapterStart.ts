import { toFloat32 } from '../../../kernels/ggml/dequantise.ts';
import { readF32, write } from '../../../kernels/ggml/transfer.ts';
import { readAdapterFile, type AdapterFile } from '../../models/adapters/adapterFile.ts';
import { checkAdapter } from '../../models/adapters/checkAdapter.ts';
import { invalidAdapter } from '../../models/adapters/invalidAdapter.ts';
import { plannedBlocks, type LowRankPlan } from './lowRankPlan.ts';
import type { PlacedModel } from './placedModel.ts';

/**
 * Writes the factors of an adapter file over the initial values of a training. Matrices that the file lacks keep
 * theirs. So do further rows of a larger rank, whose columns are zero. Of a mixture its routers are written too.
 *
 * Throws `TroubleError` if the file is not for this model, has a larger rank, changes a matrix that is not trained, or
 * has another number of experts.
 */
export async function writeAdapterStart(placed: PlacedModel, file: string): Promise<void> {
  const { model, plan, parameters } = placed;
  const adapter = await readAdapterFile(file);
  checkAdapter(adapter, model);
  requireSameExperts(adapter, plan);
  for (const [name, { down, up, rank, scale }] of adapter.matrices) {
    const expected = plan?.ranks.get(name);
    if (expected === undefined || rank > expected || (plan?.experts !== undefined && rank !== expected))
      throw invalidAdapter(
        file,
        expected === undefined
          ? `its tensors change ${name}, which is not trained`
          : plan?.experts === undefined
            ? `its factors of ${name} have the rank ${rank}, expected at most the ${expected} of --adapter`
            : `its factors of ${name} have the rank ${rank} over all experts, expected ${expected}`,
      );
    const { device } = parameters;
    const factors = placed.factors(name);
    const ratio = scale / (plan?.factor ?? 1);
    const rows = readF32(device, factors.down.master);
    rows.set(toFloat32(down.type, down.bytes));
    write(device, factors.down.master, rows);
    const columns = toFloat32(up.type, up.bytes).map((value) => value * ratio);
    write(device, factors.up.master, padRows(columns, rank, expected));
  }
  const blocks = new Set(plan && plannedBlocks(plan));
  // A router of a block without experts has no effect.
  for (const [block, router] of [...(adapter.mixture?.routers ?? [])].filter(([each]) => blocks.has(each)))
    write(parameters.device, placed.router(block).master, toFloat32(router.type, router.bytes));
}

function requireSameExperts({ path: file, mixture }: AdapterFile, plan: LowRankPlan | undefined): void {
  if (mixture?.experts === plan?.experts && !mixture?.expertsUsed && mixture?.form !== 'attention') return;
  const found = mixture
    ? `a mixture of ${mixture.experts} experts${mixture.expertsUsed ? ` of which ${mixture.expertsUsed} count` : ''}${mixture.form === 'attention' ? ' with attentions of their own' : ''}`
    : 'one adapter';
  const expected =
    plan?.experts === undefined
      ? 'one adapter'
      : `a mixture of ${plan.experts} experts in the projections, by soft gates`;
  throw invalidAdapter(file, `it is ${found}, but this training begins with ${expected}`);
}

/** Makes rows of `rank` values longer by zeros. */
function padRows(values: Float32Array, rank: number, length: number): Float32Array {
  const padded = new Float32Array((values.length / rank) * length);
  for (let row = 0; row * rank < values.length; row++)
    padded.set(values.subarray(row * rank, (row + 1) * rank), row * length);
  return padded;
}
