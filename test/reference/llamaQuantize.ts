import koffi from 'koffi';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { libraryFolder } from '../../kernels/ggml/libraries.ts';
import { targetTypes, type TargetType } from '../../sidecar/workshop/quantize/targetTypes.ts';

type QuantizeParams = Record<'ftype' | 'nthread', number> & Record<'allow_requantize' | 'pure', boolean>;

let api: ReturnType<typeof bind> | undefined;

/**
 * llama.cpp's own quantiser, with a single type for all matrices. It is the reference for which tensors change, for
 * their types and for every byte.
 */
export function llamaQuantize(source: string, target: string, type: TargetType): void {
  api ??= bind();
  const params = api.defaults();
  const status = api.quantize(source, target, {
    ...params,
    ftype: targetTypes[type],
    nthread: 2,
    allow_requantize: true,
    pure: true,
  });
  if (status !== 0) throw new Error(`llama_model_quantize returned ${status}`);
}

function bind() {
  const folder = libraryFolder('cpu');
  const library = koffi.load(
    path.join(
      folder,
      readdirSync(folder).find((name) => /^(lib)?llama\.v[\d.]+\.(so|dylib|dll)$/.test(name)) as string,
    ),
  );
  const params = koffi.struct({
    nthread: 'int32',
    ftype: 'int',
    output_tensor_type: 'int',
    token_embedding_type: 'int',
    allow_requantize: 'bool',
    quantize_output_tensor: 'bool',
    only_copy: 'bool',
    pure: 'bool',
    keep_split: 'bool',
    dry_run: 'bool',
    imatrix: 'void *',
    kv_overrides: 'void *',
    tt_overrides: 'void *',
    prune_layers: 'void *',
    max_buf_size: 'size_t',
  });
  // A function that does nothing. koffi callbacks from the quantiser's threads would deadlock.
  library.func('llama_log_set', 'void', ['void *', 'void *'])(library.symbol('llama_supports_mlock'), null);
  library.func('llama_backend_init', 'void', [])();
  return {
    defaults: library.func('llama_model_quantize_default_params', params, []) as () => QuantizeParams,
    quantize: library.func('llama_model_quantize', 'uint32', ['string', 'string', koffi.pointer(params)]) as (
      source: string,
      target: string,
      params: QuantizeParams,
    ) => number,
  };
}
