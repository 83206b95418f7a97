import type { LibraryHandle } from 'koffi';
import { countNativeCall } from './nativeCalls.ts';

/** A native pointer. koffi represents pointers as bigints; 0n is the null pointer. */
export type Pointer = bigint;

/**
 * C signatures of the functions used from libggml-base and libggml. The first letter is the result.
 *
 * The letters: `p` any pointer, `z` size_t, `i` int, `l` int64_t, `f` float, `b` bool, `s` C string, `v` void.
 */
const baseSignatures = {
  ggml_free: 'vp',
  ggml_used_mem: 'zp',
  ggml_set_no_alloc: 'vpb',
  ggml_tensor_overhead: 'z',
  ggml_graph_overhead_custom: 'zzb',
  ggml_new_tensor_4d: 'ppillll',
  ggml_set_name: 'pps',
  ggml_get_data: 'pp',
  ggml_set_input: 'vp',
  ggml_set_output: 'vp',
  ggml_set_param: 'vp',
  ggml_new_graph_custom: 'ppzb',
  ggml_build_forward_expand: 'vpp',
  ggml_graph_n_nodes: 'ip',
  ggml_nbytes: 'zp',
  ggml_add: 'pppp',
  ggml_add_inplace: 'pppp',
  ggml_add_id: 'ppppp',
  ggml_acc: 'ppppzzzz',
  ggml_sub: 'pppp',
  ggml_mul: 'pppp',
  ggml_div: 'pppp',
  ggml_scale: 'pppf',
  ggml_scale_bias: 'pppff',
  ggml_fill: 'pppf',
  ggml_sqr: 'ppp',
  ggml_sqrt: 'ppp',
  ggml_exp: 'ppp',
  ggml_log: 'ppp',
  ggml_softplus: 'ppp',
  ggml_sum_rows: 'ppp',
  ggml_clamp: 'pppff',
  ggml_concat: 'ppppi',
  ggml_repeat_4d: 'pppllll',
  ggml_silu: 'ppp',
  ggml_silu_back: 'pppp',
  ggml_gelu: 'ppp',
  ggml_gelu_erf: 'ppp',
  ggml_sigmoid: 'ppp',
  ggml_tanh: 'ppp',
  ggml_relu: 'ppp',
  ggml_step: 'ppp',
  ggml_floor: 'ppp',
  ggml_swiglu_split: 'pppp',
  ggml_geglu_split: 'pppp',
  ggml_swiglu_oai: 'ppppff',
  ggml_norm: 'pppf',
  ggml_rms_norm: 'pppf',
  ggml_rms_norm_back: 'ppppf',
  ggml_l2_norm: 'pppf',
  ggml_mul_mat: 'pppp',
  ggml_mul_mat_set_prec: 'vpi',
  ggml_mul_mat_id: 'ppppp',
  ggml_custom_4d: 'ppillllpipip',
  ggml_out_prod: 'pppp',
  ggml_cpy: 'pppp',
  ggml_cast: 'pppi',
  ggml_cont: 'ppp',
  ggml_reshape_4d: 'pppllll',
  ggml_view_4d: 'pppllllzzzz',
  ggml_permute: 'pppiiii',
  ggml_get_rows: 'pppp',
  ggml_get_rows_back: 'ppppp',
  ggml_set_rows: 'ppppp',
  ggml_soft_max_ext: 'ppppff',
  ggml_soft_max_add_sinks: 'vpp',
  ggml_soft_max_ext_back: 'ppppff',
  ggml_rope_ext: 'pppppiiiffffff',
  ggml_rope_ext_back: 'pppppiiiffffff',
  ggml_opt_step_adamw: 'ppppppp',
  ggml_flash_attn_ext: 'ppppppfff',
  ggml_flash_attn_ext_set_prec: 'vpi',
  ggml_flash_attn_ext_add_sinks: 'vpp',
  ggml_argsort: 'pppi',
  ggml_top_k: 'pppi',
  ggml_im2col: 'ppppiiiiiibi',
  ggml_im2col_back: 'pppppiiiiiib',
  ggml_pool_2d: 'pppiiiiiff',
  ggml_pool_1d: 'pppiiii',
  ggml_ssm_conv: 'pppp',
  ggml_ssm_scan: 'pppppppppl',
  ggml_gated_delta_net: 'ppppppppl',
  ggml_quantize_chunk: 'zipplllp',
  ggml_get_type_traits: 'pi',
  ggml_gallocr_new: 'pp',
  ggml_gallocr_free: 'vp',
  ggml_gallocr_reserve: 'bpp',
  ggml_gallocr_alloc_graph: 'bpp',
  ggml_gallocr_get_buffer_size: 'zpi',
  ggml_backend_alloc_ctx_tensors_from_buft: 'ppp',
  ggml_backend_buft_name: 'sp',
  ggml_backend_buft_is_host: 'bp',
  ggml_backend_buft_get_alignment: 'zp',
  ggml_backend_buft_get_alloc_size: 'zpp',
  ggml_backend_buft_alloc_buffer: 'ppz',
  ggml_backend_buffer_free: 'vp',
  ggml_backend_buffer_get_base: 'pp',
  ggml_backend_buffer_get_size: 'zp',
  ggml_backend_buffer_clear: 'vpi',
  ggml_backend_buffer_set_usage: 'vpi',
  ggml_backend_tensor_alloc: 'ippp',
  ggml_backend_tensor_set: 'vppzz',
  ggml_backend_tensor_get: 'vppzz',
  ggml_backend_free: 'vp',
  ggml_backend_name: 'sp',
  ggml_backend_synchronize: 'vp',
  ggml_backend_get_default_buffer_type: 'pp',
  ggml_backend_graph_compute: 'ipp',
  ggml_backend_sched_new: 'pppizbb',
  ggml_backend_sched_free: 'vp',
  ggml_backend_sched_reset: 'vp',
  ggml_backend_sched_set_tensor_backend: 'vppp',
  ggml_backend_sched_alloc_graph: 'bpp',
  ggml_backend_sched_graph_compute: 'ipp',
  ggml_backend_sched_get_buffer_size: 'zpp',
  ggml_backend_sched_get_n_splits: 'ip',
  ggml_backend_dev_name: 'sp',
  ggml_backend_dev_description: 'sp',
  ggml_backend_dev_memory: 'vppp',
  ggml_backend_dev_type: 'ip',
  ggml_backend_dev_backend_reg: 'pp',
  ggml_backend_dev_init: 'ppp',
  ggml_backend_dev_supports_op: 'bpp',
  ggml_backend_reg_name: 'sp',
  ggml_backend_reg_get_proc_address: 'pps',
} as const;

const registrySignatures = {
  ggml_backend_load_all_from_path: 'vs',
  ggml_backend_dev_count: 'z',
  ggml_backend_dev_get: 'pz',
} as const;

type Signatures = typeof baseSignatures & typeof registrySignatures;

interface LetterTypes {
  p: Pointer;
  z: number | bigint;
  i: number;
  l: number | bigint;
  f: number;
  b: boolean;
  s: string;
  v: void;
}
type ResultOf<Signature extends string> = Signature extends `${infer Result extends keyof LetterTypes}${string}`
  ? Result extends 'z' | 'l'
    ? number
    : LetterTypes[Result]
  : never;
type Argument = Pointer | number | boolean | string | NodeJS.ArrayBufferView | null;

/** The functions of ggml that Chorus calls. */
export type GgmlFunctions = {
  readonly [Name in keyof Signatures]: ((...args: Argument[]) => ResultOf<Signatures[Name]>) & AsyncCall;
};
interface AsyncCall {
  readonly async: (...args: [...Argument[], (error: Error | null, result: number) => void]) => void;
}

const letters: Record<string, string> = {
  p: 'void *',
  z: 'size_t',
  i: 'int',
  l: 'int64_t',
  f: 'float',
  b: 'bool',
  s: 'const char *',
  v: 'void',
};

/** Functions that may block the main thread for seconds. Their calls are counted for the watchdog. */
const longCalls: ReadonlySet<string> = new Set([
  'ggml_quantize_chunk',
  'ggml_gallocr_reserve',
  'ggml_gallocr_alloc_graph',
  'ggml_backend_alloc_ctx_tensors_from_buft',
  'ggml_backend_buft_alloc_buffer',
  'ggml_backend_buffer_free',
  'ggml_backend_buffer_clear',
  'ggml_backend_tensor_set',
  'ggml_backend_tensor_get',
  'ggml_backend_free',
  'ggml_backend_synchronize',
  'ggml_backend_graph_compute',
  'ggml_backend_sched_new',
  'ggml_backend_sched_alloc_graph',
  'ggml_backend_sched_graph_compute',
  'ggml_backend_dev_memory',
  'ggml_backend_dev_init',
  'ggml_backend_load_all_from_path',
] satisfies (keyof Signatures)[]);

type NativeFunction = ((...args: unknown[]) => unknown) & { readonly async: unknown };

/**
 * Wraps a function so that its calls are counted. Asynchronous calls are not counted, since they do not block the main
 * thread.
 */
function counted(call: NativeFunction): NativeFunction {
  return Object.assign((...args: unknown[]) => countNativeCall(() => call(...args)), { async: call.async });
}

function bindAll(library: LibraryHandle, signatures: Record<string, string>): [string, unknown][] {
  return Object.entries(signatures).map(([name, signature]) => {
    const [result, ...parameters] = [...signature].map((letter) => letters[letter] as string);
    const call = library.func(name, result as string, parameters) as unknown as NativeFunction;
    return [name, longCalls.has(name) ? counted(call) : call];
  });
}

/**
 * Binds all functions. Throws koffi's error if a function is missing, which means that the library has another version.
 */
export function bindGgml(base: LibraryHandle, registry: LibraryHandle): GgmlFunctions {
  return Object.fromEntries([
    ...bindAll(base, baseSignatures),
    ...bindAll(registry, registrySignatures),
  ]) as unknown as GgmlFunctions;
}
