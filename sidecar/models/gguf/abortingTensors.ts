import { UNLIKE_VALUES } from './abortingValues.ts';
import type { GgufHeader, GgufTensor } from './header.ts';
import { headSize, type HeaderValues } from './headerValues.ts';

/** Types for other data than weights. ggml multiplies no matrix of these types. */
const NO_WEIGHTS: ReadonlySet<string> = new Set(['I8', 'I16', 'I32', 'I64', 'F64', 'Q8_1', 'Q8_K']);
/** Tensors that all ggml operations expect in float32. */
const VECTOR =
  /(norm(_\d)?\.weight|norm\.bias|^rope_freqs\.weight|(attn|ffn)_\w+\.bias|attn_sinks\.weight|exp_probs_b\.bias|ssm_conv1d\.weight|ssm_\w+\.bias|ssm_[ad])$/;
const MATRIX =
  /^(token_embd|output|blk\.\d+\.(attn_(q|k|v|qkv|output)|ffn_(gate|up|down|gate_inp)(_exps|_shexp)?))\.weight$/;

/** ggml aborts if the weights of a mapped file are not aligned to this. */
const WEIGHTS_ALIGNMENT_BYTES = 32;

/** Describes a tensor that begins at a wrong offset. Returns `undefined` if there is none. */
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

/** Describes a tensor whose shape llama.cpp accepts but on which it aborts. Returns `undefined` if there is none. */
export function abortingTensor(values: HeaderValues, tensors: readonly GgufTensor[]): string | undefined {
  for (const { name, type } of tensors) {
    if (VECTOR.test(name) && type !== 'F32') return `tensor ${name} is of the type ${type}, expected F32`;
    if (MATRIX.test(name) && NO_WEIGHTS.has(type))
      return `tensor ${name} is of the type ${type}, which holds no weights`;
  }
  return unlikeHeads(values, tensors) ?? incompleteBlock(values, tensors);
}

/** Finds a recurrent block of Qwen 3.5 without its input matrix or its gate. llama.cpp loads it but cannot run it. */
function incompleteBlock({ architecture }: HeaderValues, tensors: readonly GgufTensor[]): string | undefined {
  if (!['qwen35', 'qwen35moe'].includes(architecture)) return undefined;
  const names = new Set(tensors.map(({ name }) => name));
  for (const name of names) {
    const block = /^(blk\.\d+)\.(?:attn_(?:qkv|gate)|ssm_out)\.weight$/.exec(name)?.[1];
    if (block === undefined) continue;
    const missing = ['attn_qkv', 'attn_gate'].find((part) => !names.has(`${block}.${part}.weight`));
    if (missing !== undefined) return `it has the tensor ${name}, but not ${block}.${missing}.weight`;
  }
  return undefined;
}

/** Finds projections that have the network's width, which llama.cpp checks, but not the size of their heads. */
function unlikeHeads(values: HeaderValues, tensors: readonly GgufTensor[]): string | undefined {
  // Models with two kinds of layers, and mixtures of attention, have other heads.
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
    // Query matrices may include the gates.
    if (rows !== expected * key && !(match[2] === 'q' && rows === 2 * expected * key))
      return `tensor ${name} has ${rows} rows, expected ${expected} heads of ${key}`;
  }
  return undefined;
}
