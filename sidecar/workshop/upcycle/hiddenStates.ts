import { Device } from '../../../kernels/ggml/device.ts';
import { TroubleError } from '../../common/troubleError.ts';
import { openNetwork, type OpenedNetwork } from '../../models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../models/chorus/network/placement.ts';
import { openText } from '../../models/llamaCpp/openText.ts';
import type { ModelText } from '../../models/modelText.ts';
import { computeThreads } from '../../models/threads.ts';
import type { ExpertPrompts } from '../protocol.ts';
import type { ExpertStates, HiddenStates } from './routers.ts';

/** The maximum number of tokens of a prompt. */
const MAX_PROMPT_TOKENS = 512;

/** Computes the inputs of a dense model's routers for each expert's prompts, on the CPU. Throws `TroubleError`. */
export async function readHiddenStates(
  modelPath: string,
  prompts: readonly ExpertPrompts[],
  options: { blockKind: 'serial' | 'parallel'; onProgress: (share: number) => void; signal?: AbortSignal },
): Promise<ExpertStates[]> {
  const threads = await computeThreads(0);
  const { text, dispose } = await openText(modelPath, { device: 'cpu', threads });
  try {
    return await statesOf(modelPath, text, prompts, { ...options, threads });
  } finally {
    await dispose();
  }
}

async function statesOf(
  modelPath: string,
  text: ModelText,
  prompts: readonly ExpertPrompts[],
  options: {
    blockKind: 'serial' | 'parallel';
    threads: number;
    onProgress: (share: number) => void;
    signal?: AbortSignal;
  },
): Promise<ExpertStates[]> {
  const { addBos, bos } = text.special;
  using device = new Device('cpu', { threads: options.threads });
  using opened = await openNetwork(modelPath, {
    placement: onOneDevice(device),
    capacityTokens: MAX_PROMPT_TOKENS,
    signal: options.signal,
  });
  const total = prompts.reduce((sum, { positive, negative = [] }) => sum + positive.length + negative.length, 0);
  let done = 0;
  const mean = async (texts: readonly string[]): Promise<HiddenStates> => {
    const states = new MeanStates(opened, options.blockKind);
    for (const prompt of texts) {
      options.signal?.throwIfAborted();
      await states.add({ bos: addBos && bos !== undefined ? [bos] : [], tokens: text.tokenize(prompt, false) });
      options.onProgress(++done / total);
    }
    return states.of;
  };
  const experts: ExpertStates[] = [];
  for (const { positive, negative } of prompts)
    experts.push({
      positive: await mean(positive),
      negative: negative && negative.length > 0 ? await mean(negative) : undefined,
    });
  return experts;
}

/** Means over tokens, without beginning-of-sequence tokens. */
class MeanStates {
  readonly #sums = new Map<string, Float64Array>();
  #tokens = 0;

  constructor(
    private readonly opened: OpenedNetwork,
    private readonly blockKind: 'serial' | 'parallel',
  ) {}

  async add({ bos, tokens }: { bos: readonly number[]; tokens: readonly number[] }): Promise<void> {
    const { network, sequence } = this.opened;
    const read = tokens.slice(0, MAX_PROMPT_TOKENS - bos.length);
    if (read.length === 0) throw new TroubleError('invalid-input', 'A prompt is empty.');
    sequence.truncate(0);
    if (bos.length > 0) await network.evaluate(sequence, bos, 'none');
    for (const [name, sum] of await network.normSums(sequence, read)) {
      const all = this.#sums.get(name) ?? new Float64Array(sum.length);
      this.#sums.set(
        name,
        all.map((value, index) => value + (sum[index] as number)),
      );
    }
    this.#tokens += read.length;
  }

  /** In a parallel block both routers read the same norm. */
  readonly of: HiddenStates = (block, which) => {
    const norm = which === 'attention' || this.blockKind === 'parallel' ? 'attn_norm' : 'ffn_norm';
    const sum = this.#sums.get(`blk.${block}.${norm}`);
    if (!sum) throw new Error(`No hidden state was read for blk.${block}.${norm}.`);
    return sum.map((value) => value / this.#tokens);
  };
}
