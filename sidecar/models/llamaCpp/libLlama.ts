import koffi from 'koffi';
import { readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { libraryFolder, type LibraryBuild } from '../../../kernels/ggml/libraries.ts';

/**
 * libllama through koffi, on the same native libraries as Chorus's own engine. It is the reference for logits and
 * speed. Offsets and sizes of its parameter structs are those of the pinned release (`include/llama.h`).
 */
export class LibLlama implements Disposable {
  readonly #model: bigint;
  readonly #context: bigint;
  readonly #api: LibLlamaFunctions;
  readonly vocabularySize: number;

  /** Throws an `Error` if libllama refuses the model, its context or the adapter, and then holds nothing in memory. */
  constructor(
    file: string,
    options: {
      build?: LibraryBuild;
      contextSizeTokens: number;
      batchTokens?: number;
      threads: number;
      gpuLayers?: number;
      keyValueType?: number;
      flashAttention?: boolean;
      /** The path of a low-rank adapter in llama.cpp's format. */
      adapter?: string | undefined;
      quiet?: boolean;
    },
  ) {
    this.#api = libLlamaFunctions(options.build ?? 'cpu');
    const api = this.#api;
    if (options.quiet) api.setLog(api.silence, null);
    api.initialise();
    const modelParams = api.modelDefaults();
    modelParams.n_gpu_layers = options.gpuLayers ?? 0;
    this.#model = api.loadModel(file, modelParams) as bigint;
    if (!this.#model) throw new Error(`libllama could not load ${file}`);
    const params = api.contextDefaults();
    params.n_ctx = options.contextSizeTokens;
    params.n_batch = options.batchTokens ?? 2048;
    params.n_ubatch = 512;
    // Threads that share a core mostly wait for each other.
    const threads = Math.min(options.threads, os.availableParallelism());
    params.n_threads = threads;
    params.n_threads_batch = threads;
    params.no_perf = true;
    if (options.flashAttention !== undefined) params.flash_attn_type = options.flashAttention ? 1 : 0;
    if (options.keyValueType !== undefined) {
      params.type_k = options.keyValueType;
      params.type_v = options.keyValueType;
    }
    this.#context = api.createContext(this.#model, params) as bigint;
    try {
      if (!this.#context) throw new Error('libllama could not create a context');
      if (options.adapter !== undefined) this.#apply(options.adapter);
    } catch (error) {
      // libllama ignores a context that is null.
      this[Symbol.dispose]();
      throw error;
    }
    this.vocabularySize = api.vocabularySize(api.vocabulary(this.#model)) as number;
  }

  /** Evaluates tokens behind `past` others. Returns the logits of the last token, or of all tokens with `all`. */
  decode(tokens: readonly number[], past: number, options: { all?: boolean; read?: boolean } = {}): Float32Array[] {
    const api = this.#api;
    const n = tokens.length;
    const batch = {
      n_tokens: n,
      token: Int32Array.from(tokens),
      embd: null,
      pos: Int32Array.from(tokens, (_, index) => past + index),
      n_seq_id: null,
      seq_id: null,
      logits: Int8Array.from(tokens, (_, index) => (options.all || index === n - 1 ? 1 : 0)),
    };
    const status = api.decode(this.#context, batch) as number;
    if (status !== 0) throw new Error(`llama_decode returned ${status}`);
    api.synchronize(this.#context);
    if (options.read === false) return [];
    const wanted = options.all ? tokens.map((_, index) => index) : [n - 1];
    return wanted.map((index) => {
      const pointer = api.logits(this.#context, index) as bigint;
      return Float32Array.from(
        koffi.decode(pointer, koffi.array('float', this.vocabularySize, 'Typed')) as Float32Array,
      );
    });
  }

  /** The model frees its adapters. */
  #apply(file: string): void {
    const adapter = this.#api.loadAdapter(this.#model, file) as bigint;
    if (!adapter) throw new Error(`libllama could not load the adapter ${file}`);
    const status = this.#api.setAdapters(this.#context, [adapter], 1, Float32Array.of(1)) as number;
    if (status !== 0) throw new Error(`llama_set_adapters_lora returned ${status}`);
  }

  clear(): void {
    this.#api.clearMemory(this.#api.memory(this.#context), true);
  }

  /** Keeps only the first `length` tokens. */
  truncate(length: number): void {
    if (!this.#api.removeMemory(this.#api.memory(this.#context), 0, length, -1))
      throw new Error(`libllama could not truncate the context to ${length} tokens`);
  }

  /** The state of the context in llama.cpp's own format. */
  state(): Uint8Array {
    const bytes = new Uint8Array(Number(this.#api.stateSize(this.#context, 0)));
    const written = Number(this.#api.readState(this.#context, bytes, bytes.byteLength, 0));
    if (written !== bytes.byteLength)
      throw new Error(`libllama wrote ${written} of ${bytes.byteLength} bytes of its state`);
    return bytes;
  }

  /** Restores a state, which replaces the context's contents. */
  restore(state: Uint8Array): void {
    const read = Number(this.#api.writeState(this.#context, state, state.byteLength, 0));
    if (read !== state.byteLength) throw new Error(`libllama read ${read} of ${state.byteLength} bytes of a state`);
  }

  [Symbol.dispose](): void {
    this.#api.freeContext(this.#context);
    this.#api.freeModel(this.#model);
  }
}

export type LibLlamaFunctions = ReturnType<typeof bindOnce>;

let bound: { build: LibraryBuild; api: LibLlamaFunctions } | undefined;
/** The libllama functions of a build. They abort the process on files that `validateModel` refuses. */
export function libLlamaFunctions(build: LibraryBuild): LibLlamaFunctions {
  if (bound?.build !== build) bound = { build, api: bindOnce(build) };
  return bound.api;
}

function bindOnce(build: LibraryBuild) {
  const folder = libraryFolder(build);
  const files = readdirSync(folder);
  const library = koffi.load(
    path.join(folder, files.find((name) => /^(lib)?llama(\.\w+)?\.v[\d.]+\.(so|dylib|dll)$/.test(name)) as string),
  );
  const base = koffi.load(
    path.join(folder, files.find((name) => /^(lib)?ggml(\.\w+)?\.v[\d.]+\.(so|dylib|dll)$/.test(name)) as string),
  );
  const loadAll = base.func('ggml_backend_load_all_from_path', 'void', ['string']);
  const modelParams = koffi.struct({
    devices: 'void *',
    tensor_buft_overrides: 'void *',
    n_gpu_layers: 'int32',
    split_mode: 'int',
    load_mode: 'int',
    lazy_mode: 'int',
    main_gpu: 'int32',
    tensor_split: 'void *',
    progress_callback: 'void *',
    progress_callback_user_data: 'void *',
    kv_overrides: 'void *',
    vocab_only: 'bool',
    check_tensors: 'bool',
    use_extra_bufts: 'bool',
    no_host: 'bool',
    no_alloc: 'bool',
    load_mtp: 'bool',
  });
  const contextParams = koffi.struct({
    n_ctx: 'uint32',
    n_batch: 'uint32',
    n_ubatch: 'uint32',
    n_seq_max: 'uint32',
    n_rs_seq: 'uint32',
    n_outputs_max: 'uint32',
    n_outputs_max_per_seq: 'uint32',
    n_threads: 'int32',
    n_threads_batch: 'int32',
    ctx_type: 'int',
    rope_scaling_type: 'int',
    pooling_type: 'int',
    attention_type: 'int',
    flash_attn_type: 'int',
    rope_freq_base: 'float',
    rope_freq_scale: 'float',
    yarn_ext_factor: 'float',
    yarn_attn_factor: 'float',
    yarn_beta_fast: 'float',
    yarn_beta_slow: 'float',
    yarn_orig_ctx: 'uint32',
    defrag_thold: 'float',
    cb_eval: 'void *',
    cb_eval_user_data: 'void *',
    type_k: 'int',
    type_v: 'int',
    abort_callback: 'void *',
    abort_callback_data: 'void *',
    embeddings: 'bool',
    offload_kqv: 'bool',
    no_perf: 'bool',
    op_offload: 'bool',
    swa_full: 'bool',
    kv_unified: 'bool',
    samplers: 'void *',
    n_samplers: 'size_t',
    ctx_other: 'void *',
  });
  const batch = koffi.struct({
    n_tokens: 'int32',
    token: 'int32 *',
    embd: 'float *',
    pos: 'int32 *',
    n_seq_id: 'int32 *',
    seq_id: 'void *',
    logits: 'int8 *',
  });
  const initialise = library.func('llama_backend_init', 'void', []);
  return {
    initialise: () => {
      loadAll(folder);
      initialise();
    },
    modelDefaults: library.func('llama_model_default_params', modelParams, []) as () => Record<string, unknown>,
    contextDefaults: library.func('llama_context_default_params', contextParams, []) as () => Record<string, unknown>,
    loadModel: library.func('llama_model_load_from_file', 'void *', ['string', modelParams]),
    createContext: library.func('llama_init_from_model', 'void *', ['void *', contextParams]),
    vocabulary: library.func('llama_model_get_vocab', 'void *', ['void *']),
    vocabularySize: library.func('llama_vocab_n_tokens', 'int32', ['void *']),
    decode: library.func('llama_decode', 'int32', ['void *', batch]),
    synchronize: library.func('llama_synchronize', 'void', ['void *']),
    logits: library.func('llama_get_logits_ith', 'void *', ['void *', 'int32']),
    memory: library.func('llama_get_memory', 'void *', ['void *']),
    setLog: library.func('llama_log_set', 'void', ['void *', 'void *']),
    // A function of the same library that ignores its arguments and does nothing. koffi callbacks from ggml's threads
    // would deadlock.
    silence: library.symbol('llama_supports_mlock') as unknown,
    clearMemory: library.func('llama_memory_clear', 'void', ['void *', 'bool']),
    removeMemory: library.func('llama_memory_seq_rm', 'bool', ['void *', 'int32', 'int32', 'int32']),
    stateSize: library.func('llama_state_seq_get_size', 'size_t', ['void *', 'int32']),
    readState: library.func('llama_state_seq_get_data', 'size_t', ['void *', 'void *', 'size_t', 'int32']),
    writeState: library.func('llama_state_seq_set_data', 'size_t', ['void *', 'void *', 'size_t', 'int32']),
    loadAdapter: library.func('llama_adapter_lora_init', 'void *', ['void *', 'string']),
    setAdapters: library.func('llama_set_adapters_lora', 'int32', ['void *', 'void **', 'size_t', 'float *']),
    freeContext: library.func('llama_free', 'void', ['void *']),
    freeModel: library.func('llama_model_free', 'void', ['void *']),
  };
}
