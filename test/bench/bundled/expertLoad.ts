import { open } from 'node:fs/promises';
import { toFloat32 } from '../../../kernels/ggml/dequantise.ts';
import { hasExperts } from '../../../sidecar/models/architectures/architecture.ts';
import { fileRows } from '../../../sidecar/models/gguf/rows.ts';
import {
  checkModel,
  type CheckedModel,
  type OpenedNetwork,
} from '../../../sidecar/models/chorus/network/openNetwork.ts';
import { openForBench } from './benchNetworks.ts';
import type { BitDomain, BitText } from './bitTexts.ts';
import type { BenchModel } from './models.ts';

/**
 * The load of one layer in one domain: for each expert the share of tokens that it runs for, and the mean of its
 * attention gate.
 */
interface LayerLoad {
  readonly block: number;
  /** Sums to 1: the experts that run for a token count equally. */
  readonly feedForward?: readonly number[];
  readonly attention?: readonly number[];
}

/** By domain, for the domains with texts. */
export type ExpertLoad = ReadonlyMap<BitDomain, readonly LayerLoad[]>;

const TEXTS = 10;
const TOKENS = 256;

/**
 * Returns the number of a model's experts, or 1 for a dense model. A model with both has the same number of networks
 * and attentions.
 */
export async function expertCount(model: BenchModel): Promise<number> {
  const { hyperparameters } = await checkModel(model.file);
  return Math.max(hyperparameters.mixture?.experts ?? 1, hyperparameters.attentionMixture?.experts ?? 1);
}

/** Measures which experts a mixture uses for the texts of each domain, from the inputs of its routers. */
export async function measureExpertLoad(model: BenchModel, texts: readonly BitText[]): Promise<ExpertLoad> {
  const loads = new Map<BitDomain, readonly LayerLoad[]>();
  await using opened = await openForBench(model, { capacityTokens: TOKENS, networks: 1 });
  const [{ network, sequence, model: checked }] = opened.networks as [OpenedNetwork];
  const routers = await readRouters(checked);
  for (const domain of new Set(texts.map((text) => text.domain))) {
    const sums = routers.map(({ experts }) => new Float64Array(experts));
    for (const { text } of texts.filter((one) => one.domain === domain).slice(0, TEXTS)) {
      sequence.truncate(0);
      const norms = await network.norms(sequence, opened.text.tokenize(text, false).slice(0, TOKENS));
      routers.forEach((router, index) =>
        addLoad(router, norms.get(router.seesNorm) as Float32Array, sums[index] as Float64Array),
      );
    }
    const shares = sums.map((sum) => [...sum].map((value) => value / sum.reduce((a, b) => a + b, 0)));
    loads.set(domain, blocksOf(routers, shares));
  }
  return loads;
}

interface Router {
  readonly block: number;
  readonly kind: 'feedForward' | 'attention';
  readonly experts: number;
  /** The number of experts that run for a token. Each attention counts by its gate. */
  readonly used: number;
  readonly width: number;
  /** `[width · experts]` */
  readonly weights: Float32Array;
  readonly seesNorm: string;
}

async function readRouters({ hyperparameters, tensors }: CheckedModel): Promise<readonly Router[]> {
  const { mixture, attentionMixture, width, blockCount } = hyperparameters;
  const routers: Router[] = [];
  for (let block = 0; block < blockCount; block++) {
    if (!hasExperts(hyperparameters, block)) continue;
    const isSerial = tensors.has(`blk.${block}.ffn_norm.weight`);
    const read = async (name: string): Promise<Float32Array> => {
      const tensor = tensors.get(`blk.${block}.${name}`);
      if (!tensor) throw new Error(`blk.${block}.${name} is missing.`);
      const file = await open(tensor.header.path, 'r');
      try {
        const rows = fileRows(file, tensor);
        return toFloat32(rows.type, await rows.read(0, rows.count));
      } finally {
        await file.close();
      }
    };
    if (attentionMixture) {
      const { experts, expertsUsed = experts } = attentionMixture;
      routers.push({
        block,
        kind: 'attention',
        experts,
        used: expertsUsed,
        width,
        weights: await read('attn_gate_inp.weight'),
        seesNorm: `blk.${block}.attn_norm`,
      });
    }
    if (mixture) {
      routers.push({
        block,
        kind: 'feedForward',
        experts: mixture.experts,
        used: mixture.expertsUsed,
        width,
        weights: await read('ffn_gate_inp.weight'),
        seesNorm: `blk.${block}.${isSerial ? 'ffn_norm' : 'attn_norm'}`,
      });
    }
  }
  return routers;
}

function addLoad({ kind, experts, used, width, weights }: Router, normed: Float32Array, sums: Float64Array): void {
  for (let start = 0; start < normed.length; start += width) {
    const logits = Array.from({ length: experts }, (_, expert) => {
      let sum = 0;
      for (let index = 0; index < width; index++)
        sum += (weights[expert * width + index] as number) * (normed[start + index] as number);
      return sum;
    });
    const chosen = logits
      .map((logit, expert) => ({ logit, expert }))
      .sort((a, b) => b.logit - a.logit)
      .slice(0, used);
    const most = (chosen[0] as (typeof chosen)[0]).logit;
    const total = chosen.reduce((sum, { logit }) => sum + Math.exp(logit - most), 0);
    for (const { logit, expert } of chosen)
      sums[expert] = (sums[expert] as number) + (kind === 'attention' ? Math.exp(logit - most) / total : 1 / used);
  }
}

function blocksOf(routers: readonly Router[], shares: readonly (readonly number[])[]): readonly LayerLoad[] {
  const blocks = [...new Set(routers.map(({ block }) => block))];
  return blocks.map((block) => {
    const own = (kind: Router['kind']): readonly number[] | undefined =>
      shares[routers.findIndex((router) => router.block === block && router.kind === kind)];
    return { block, feedForward: own('feedForward'), attention: own('attention') };
  });
}
