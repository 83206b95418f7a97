import { headSize, UNLIKE_VALUES } from './abortingValues.ts';
import type { GgufHeader, GgufTensor } from './header.ts';
import type { HeaderValues } from './headerValues.ts';

/** Types that hold no weights: ggml multiplies no matrix of them. */
const NO_WEIGHTS: ReadonlySet<string> = new Set(['I8', 'I16', 'I32', 'I64', 'F64', 'Q8_1', 'Q8_K']);
/** Tensors that every operation of ggml's takes as float32. */
const VECTOR = /(norm(_\d)?\.weight|norm\.bias|^rope_freqs\.weight|(attn|ffn)_\w+\.bias)$/;
const MATRIX =
  /^(token_embd|output|blk\.\d+\.(attn_(q|k|v|qkv|output)|ffn_(gate|up|down|gate_inp)(_exps|_shexp)?))\.weight$/;

/** ggml ends its process on weights of a mapped file that begin elsewhere. */
const WEIGHTS_ALIGNMENT_BYTES = 32;

/** What is wrong with where a file's tensors begin; `undefined`: nothing. */
export function misplacedTensor({
  tensors,
  dataOffsetBytes,
}: Pick<GgufHeader, 'tensors' | 'dataOffsetBytes'>): string | undefined {
  const found = tensors.find(({ offsetBytes }) => (dataOffsetBytes + offsetBytes) % WEIGHTS_ALIGNMENT_BYTES !== 0);
  return (
    found &&
    `tensor ${found.name} begins at byte ${dataOffsetBytes + found.offsetBytes} of the file, expected a multiple of ${WEIGHTS_ALIGNMENT_BYTES}`
  );
}

/**
 * What is wrong with a tensor on which llama.cpp ends its process though its shape is one that it takes; `undefined`:
 * nothing.
 */
export function abortingTensor(values: HeaderValues, tensors: readonly GgufTensor[]): string | undefined {
  for (const { name, type } of tensors) {
    if (VECTOR.test(name) && type !== 'F32') return `tensor ${name} is of the type ${type}, expected F32`;
    if (MATRIX.test(name) && NO_WEIGHTS.has(type))
      return `tensor ${name} is of the type ${type}, which holds no weights`;
  }
  return unlikeHeads(values, tensors);
}

/** Some architectures' projections are as wide as the network by llama.cpp's check, and their heads are not. */
function unlikeHeads(values: HeaderValues, tensors: readonly GgufTensor[]): string | undefined {
  // Layers of two kinds, and mixtures of attention, have other heads.
  if (
    UNLIKE_VALUES.has(values.architecture) ||
    values.has('attention.key_length_swa') ||
    values.has('attention.expert_count')
  )
    return undefined;
  const { key } = headSize(values);
  const heads = values.numbers('attention.head_count');
  const keyValueHeads = values.has('attention.head_count_kv') ? values.numbers('attention.head_count_kv') : heads;
  for (const { name, shape } of tensors) {
    const match = /^blk\.(\d+)\.attn_(q|k|v)\.weight$/.exec(name);
    if (!match || key === 0) continue;
    const counts = match[2] === 'q' ? heads : keyValueHeads;
    const expected = (counts.length === 1 ? counts[0] : counts[Number(match[1])]) ?? 0;
    const rows = shape[1] ?? 1;
    // Queries may have their gates beside them.
    if (rows !== expected * key && !(match[2] === 'q' && rows === 2 * expected * key))
      return `tensor ${name} has ${rows} rows, expected ${expected} heads of ${key}`;
  }
  return undefined;
}
