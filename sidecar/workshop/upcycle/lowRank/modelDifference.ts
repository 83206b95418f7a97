import { fromFloat32, toFloat32 } from '../../../../kernels/ggml/dequantise.ts';
import { TroubleError } from '../../../common/troubleError.ts';
import type { MatrixFactors } from '../../../models/adapters/adapterFile.ts';
import { isAdapted } from '../../../models/adapters/checkAdapter.ts';
import type { Rows } from '../../../models/gguf/rows.ts';
import type { MakingOptions } from '../../making.ts';
import { spectralFactors, type FactorValues } from '../../train/initialFactors.ts';
import { openInputs, type Inputs } from '../inputs.ts';
import { areEqual } from '../rows.ts';

/** The change from a model to another one of its shape, as far as low-rank factors hold it. */
export interface ModelDifference {
  readonly matrices: ReadonlyMap<string, MatrixFactors>;
  /** The share of the squared change of these matrices that the factors keep. */
  readonly keptShare: number;
  /** Tensors that differ too, but that adapters can't change: norms, biases, embeddings. */
  readonly lostTensors: readonly string[];
}

export interface DifferenceOptions extends MakingOptions {
  /** The rank of all factors. A matrix with a smaller side has the rank of that side. */
  readonly rank: number;
  /** Absolute path of the file to write, which must be no input. */
  readonly outputPath: string;
}

/**
 * Approximates the change of each matrix, `W_expert − W_base`, by the best product of two factors (truncated singular
 * value decomposition).
 *
 * Throws `TroubleError`: as `openInputs`, 'invalid-model' for a change that is NaN or infinite, and 'invalid-input' for
 * a model without a change.
 */
export async function modelDifference(
  basePath: string,
  expertPath: string,
  { rank, outputPath, signal, onProgress }: DifferenceOptions,
): Promise<ModelDifference> {
  const inputs = await openInputs([basePath, expertPath], outputPath);
  try {
    const { adapted, lostTensors } = await changedTensors(inputs);
    if (adapted.length === 0)
      throw new TroubleError(
        'invalid-input',
        `${expertPath} changes no matrix of ${basePath} that experts can change. Choose a model that was trained further.`,
      );
    const matrices = new Map<string, MatrixFactors>();
    const squares = { all: 0, kept: 0 };
    for (const [index, name] of adapted.entries()) {
      signal?.throwIfAborted();
      const { factors, all, kept } = await decompose(expertPath, name, inputs.rows(name), rank);
      matrices.set(name, factors);
      squares.all += all;
      squares.kept += kept;
      onProgress?.({ step: 'Decomposing changes', share: (index + 1) / adapted.length });
    }
    return { matrices, keptShare: squares.kept / squares.all, lostTensors };
  } finally {
    await inputs.close();
  }
}

async function changedTensors(
  inputs: Inputs,
): Promise<{ readonly adapted: readonly string[]; readonly lostTensors: readonly string[] }> {
  const changed: string[] = [];
  for (const name of inputs.first.model.tensors.keys()) if (!(await areEqual(inputs.rows(name)))) changed.push(name);
  return { adapted: changed.filter(isAdapted), lostTensors: changed.filter((name) => !isAdapted(name)) };
}

/** Decomposes the change of a matrix. `all` and `kept` are squared norms of the change and of its approximation. */
async function decompose(
  file: string,
  name: string,
  rows: readonly Rows[],
  rank: number,
): Promise<{ readonly factors: MatrixFactors; readonly all: number; readonly kept: number }> {
  const [base, expert] = rows as [Rows, Rows];
  const { count, columns } = base;
  const [before, values] = [await floatsOf(base), await floatsOf(expert)];
  for (let index = 0; index < values.length; index++) values[index]! -= before[index]!;
  const all = squaredNorm(values);
  if (!Number.isFinite(all))
    throw new TroubleError('invalid-model', `The change of ${name} in ${file} is infinite or NaN: a model is damaged.`);
  const own = Math.min(rank, count, columns);
  const factors = spectralFactors({ values, rows: count, columns }, own);
  return { factors: matrixFactors(factors, { rank: own, rows: count, columns }), all, kept: keptSquares(factors, own) };
}

async function floatsOf(rows: Rows): Promise<Float32Array> {
  return toFloat32(rows.type, await rows.read(0, rows.count));
}

const squaredNorm = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0);

/** Each row of `down` is a singular vector times the root of its value, so its squared norm is the value. */
function keptSquares({ down }: FactorValues, rank: number): number {
  const columns = down.length / rank;
  return Array.from({ length: rank }, (_, k) => squaredNorm(down.subarray(k * columns, (k + 1) * columns)) ** 2).reduce(
    (sum, square) => sum + square,
    0,
  );
}

function matrixFactors(
  { down, up }: FactorValues,
  { rank, rows, columns }: { readonly rank: number; readonly rows: number; readonly columns: number },
): MatrixFactors {
  return {
    down: { type: 'F16', shape: [columns, rank], bytes: fromFloat32('F16', down, columns) },
    up: { type: 'F16', shape: [rank, rows], bytes: fromFloat32('F16', up, rank) },
    rank,
    scale: 1,
  };
}
