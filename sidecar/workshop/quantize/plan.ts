import { tensorTypes, type TensorType } from '../../../kernels/ggml/types.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { LocatedTensor } from '../../models/gguf/locate.ts';
import type { TypePattern } from '../protocol.ts';
import { fittingType, KEEP, wantedTypeOf, wantedTypes, type TargetType, type WantedType } from './targetTypes.ts';

/** A tensor and its new type. */
export interface PlannedTensor {
  readonly source: LocatedTensor;
  readonly type: TensorType;
  /** The requested type, if rows are not whole blocks of it. */
  readonly wanted?: TargetType;
}

/** Small or sensitive matrices, which keep their types: norms, routers, and llama.cpp's other exceptions. */
const KEPT =
  /_norm\.weight|gate_inp|ffn_gate_tid2eid|altup|laurel|per_layer_model_proj|^position_embd|^token_types|ssm_conv1d|shortconv\.conv|indexer\.[kq]_proj|time_mix_(first|[wva][012]|g[12]|decay_w[12]|lerp_fused)\.|attn_rel_b|\.position_embd|^sam\.(pos_embd|neck\.|net_)|\.rel_pos|\.patch_embd|\.patch_merger|a\.rvq\.codebook|mm\.a\.code_embd/;

/**
 * Chooses the type of every tensor. Matrices get the type of the first pattern that matches their name, or else `type`.
 * Vectors, norms, routers and biases keep their types.
 *
 * Throws `TroubleError` 'invalid-input' for an unknown type, or a pattern that is invalid or matches no matrix. Throws
 * 'unsupported-model' for a tensor that can't be read.
 */
export function planTypes(
  tensors: Iterable<LocatedTensor>,
  type: string,
  patterns: readonly TypePattern[],
): readonly PlannedTensor[] {
  const defaultType = checkedType(type);
  const rules = patterns.map((given) => ({
    pattern: given.pattern,
    expression: expressionOf(given.pattern),
    type: checkedType(given.type),
    isUsed: false,
  }));
  const all = [...tensors];
  const plan = all.map((source): PlannedTensor => {
    const sourceType = readableType(source);
    if (!isMatrix(source)) return { source, type: sourceType };
    const matching = rules.filter(({ expression }) => expression.test(source.name));
    for (const rule of matching) rule.isUsed = true;
    const wanted = matching[0]?.type ?? defaultType;
    if (wanted === KEEP) return { source, type: sourceType };
    const fitting = fittingType(wanted, source.shape[0] as number);
    return { source, type: fitting, wanted: fitting === wanted ? undefined : wanted };
  });
  for (const { isUsed, pattern, expression } of rules)
    if (!isUsed)
      throw withoutMatrix(
        pattern,
        all.filter(({ name }) => expression.test(name)),
      );
  return plan;
}

/** Whether a tensor may get another type: a matrix of weights that is not among those kept. */
function isMatrix({ name, shape, type }: LocatedTensor): boolean {
  return (
    shape.filter((extent) => extent > 1).length >= 2 &&
    name.endsWith('weight') &&
    !KEPT.test(name) &&
    !/^I\d/.test(type)
  );
}

function checkedType(name: string): WantedType {
  const type = wantedTypeOf(name);
  if (!type)
    throw new TroubleError(
      'invalid-input',
      `There is no type ${name} to quantise to, expected one of ${wantedTypes.join(', ')}.`,
    );
  return type;
}

function expressionOf(pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch (error) {
    throw new TroubleError(
      'invalid-input',
      `"${pattern}" is not a valid regular expression for tensor names: ${(error as Error).message}.`,
      { cause: error },
    );
  }
}

function readableType({ name, type, header }: LocatedTensor): TensorType {
  if (!(type in tensorTypes))
    throw new TroubleError(
      'unsupported-model',
      `The tensor ${name} of ${header.path} has the type ${type}, which is not supported.`,
    );
  return type as TensorType;
}

function withoutMatrix(pattern: string, found: readonly LocatedTensor[]): TroubleError {
  const [first] = found;
  const what = first
    ? `finds only tensors that stay as they are, such as ${first.name}: norms, routers, biases and vectors are not quantised`
    : 'is in the name of no tensor';
  return new TroubleError(
    'invalid-input',
    `"${pattern}" ${what}. "chorus quantize" takes it as a regular expression, for example "ffn_down" or "^blk\\.0\\.".`,
  );
}
