import path from 'node:path';
import { TroubleError } from '../../../common/troubleError.ts';
import { changesQueries, FORM_KEY, MAX_EXPERTS, routerName } from '../../../models/adapters/expertMixture.ts';
import { openAdapter } from '../../../models/adapters/openAdapters.ts';
import { checkModel, type CheckedModel } from '../../../models/chorus/network/openNetwork.ts';
import type { GgufContent, GgufEntry, TensorSource } from '../../../models/gguf/content.ts';
import { readGgufHeader, type GgufHeader } from '../../../models/gguf/header.ts';
import { modelName } from '../../../models/gguf/modelName.ts';
import { refuseOverwriting } from '../../../models/gguf/overwriting.ts';
import { sizeOfParts } from '../../../models/gguf/parts.ts';
import type { MakingOptions } from '../../making.ts';
import type { LowRankUpcycleParams, LowRankUpcycleResult } from '../../protocol.ts';
import { randomRouters } from '../routers.ts';
import { countParameters, writeWith } from '../writeWith.ts';
import { closedFormRouters, type LowRankRouters } from './closedFormRouters.ts';
import { readExpertTokens } from './expertTokens.ts';
import { joinExperts, type ExpertFactors } from './joinExperts.ts';
import { modelDifference, type ModelDifference } from './modelDifference.ts';

type OpenedExpert = ExpertFactors & Partial<ModelDifference>;

/** The texts of an expert that its routers were made from. */
type ReadTexts = Pick<LowRankUpcycleResult['experts'][0], 'texts' | 'tokens'>;

/**
 * Makes a mixture of low-rank experts of one model from adapters, or from models that were trained further from it
 * ([the file](docs/low-rank-experts.md)). Throws `TroubleError` and leaves nothing at `outputPath`.
 */
export async function upcycleLowRank(
  params: LowRankUpcycleParams,
  options: MakingOptions = {},
): Promise<LowRankUpcycleResult> {
  const { basePath, experts, outputPath } = params;
  check(params);
  const base = await checkModel(basePath);
  const inputs = [...base.headers, ...experts].map(({ path: file }) => file);
  await refuseOverwriting(inputs, outputPath);
  const opened: OpenedExpert[] = [];
  for (const { path: file } of experts) opened.push(await openExpert(file, base, params, options));
  if (params.form === 'attention') checkQueries(opened);
  const factors = joinExperts(opened, base.tensors.keys());
  const blocks = blocksOf(opened);
  const { routers, read } = await routersOf(params, base, { ...options, blocks });
  const content: GgufContent = {
    metadata: metadataOf(params, base),
    tensors: [
      ...factors,
      ...blocks.map((block) => routerSource(block, routers(block), base.hyperparameters.width, experts.length + 1)),
    ],
  };
  await writeWith(outputPath, content, 'Writing', options);
  return {
    outputPath,
    experts: ['base', ...experts.map(({ name }) => name)].map((name, index) => ({
      name,
      ...read(index),
      ...changeOf(opened[index - 1]),
    })),
    blocks: blocks.length,
    parameterCount: countParameters(content),
    sizeBytes: await sizeOfParts(outputPath),
  };
}

function check({ experts, expertsUsed, gates, form, gateMode }: LowRankUpcycleParams): void {
  if (experts.length > MAX_EXPERTS)
    throw new TroubleError('invalid-input', `There are ${experts.length} experts, expected at most ${MAX_EXPERTS}.`);
  if (expertsUsed > experts.length + 1)
    throw new TroubleError(
      'invalid-input',
      `The number of experts used is ${expertsUsed}, expected at most ${experts.length + 1}, the model alone among them.`,
    );
  if (form === 'attention' && gateMode !== 'renormalised')
    throw new TroubleError(
      'invalid-input',
      `The gates of a mixture of attention must add up to 1, so ${gateMode} gates don't fit. Choose renormalised ones.`,
    );
  if (gates.kind !== 'closed-form') return;
  const silent = experts.find((_, index) => (gates.texts[index + 1]?.files.length ?? 0) === 0);
  if (silent)
    throw new TroubleError(
      'invalid-input',
      `The expert ${silent.name} has no texts, and routers in closed form need some of each expert. Add --texts ${silent.name}=PATH, or choose --gates zero.`,
    );
}

/** Each expert of a mixture of attention attends with its own queries. */
function checkQueries(experts: readonly ExpertFactors[]): void {
  if (!experts.some(({ matrices }) => changesQueries(matrices.keys())))
    throw new TroubleError(
      'invalid-input',
      'No expert changes the queries (attn_q), so all would attend alike. Choose the form "projections", or adapters that change attn_q.',
    );
}

/** Reads an adapter, or decomposes the change of a model. */
async function openExpert(
  file: string,
  base: CheckedModel,
  { basePath, outputPath, rank }: LowRankUpcycleParams,
  options: MakingOptions,
): Promise<OpenedExpert> {
  const { metadata } = await readGgufHeader(file);
  if (metadata.get('general.type') !== 'adapter')
    return modelDifference(basePath, file, { rank, outputPath, ...options });
  const adapter = await openAdapter(file, base);
  if (adapter.mixture)
    throw new TroubleError('invalid-input', `${file} is already a mixture of experts. Choose adapters of one expert.`);
  return adapter;
}

function changeOf(expert: OpenedExpert | undefined): Pick<LowRankUpcycleResult['experts'][0], 'change'> {
  const { keptShare, lostTensors } = expert ?? {};
  return keptShare === undefined || lostTensors === undefined ? {} : { change: { keptShare, lostTensors } };
}

/** The blocks with a changed matrix, ascending. */
function blocksOf(experts: readonly ExpertFactors[]): readonly number[] {
  const names = experts.flatMap(({ matrices }) => [...matrices.keys()]);
  return [...new Set(names.map((name) => Number(name.split('.')[1])))].sort((a, b) => a - b);
}

async function routersOf(
  { basePath, experts, gates }: LowRankUpcycleParams,
  { hyperparameters: { width } }: CheckedModel,
  options: MakingOptions & { readonly blocks: readonly number[] },
): Promise<{ readonly routers: LowRankRouters; readonly read: (expert: number) => ReadTexts }> {
  const read = (): ReadTexts => ({ texts: 0, tokens: 0 });
  if (gates.kind === 'zero') return { routers: () => new Float32Array(width * (experts.length + 1)), read };
  if (gates.kind === 'random') {
    const random = randomRouters({ width, experts: experts.length + 1, seed: gates.seed });
    return { routers: (block) => random(block, 'attention'), read };
  }
  const tokens = await readExpertTokens(basePath, gates.texts, gates, options.signal);
  return {
    routers: await closedFormRouters(basePath, tokens, { ...options, ...gates }),
    read: (expert) => {
      const texts = tokens.texts[expert] ?? [];
      return { texts: texts.length, tokens: texts.reduce((sum, text) => sum + text.length, 0) };
    },
  };
}

function routerSource(block: number, values: Float32Array, width: number, experts: number): TensorSource {
  return {
    name: routerName(block),
    type: 'F32',
    shape: [width, experts],
    chunks: () => [new Uint8Array(values.buffer, values.byteOffset, values.byteLength)],
  };
}

function metadataOf(
  { name, outputPath, experts, expertsUsed, gateMode, form }: LowRankUpcycleParams,
  { architecture, headers }: CheckedModel,
): ReadonlyMap<string, GgufEntry> {
  const text = (value: string): GgufEntry => ({ type: 'string', value });
  const count = (value: number): GgufEntry => ({ type: 'u32', value });
  return new Map<string, GgufEntry>([
    ['general.architecture', text(architecture.name)],
    ['general.type', text('adapter')],
    ['general.name', text(name ?? path.basename(outputPath, '.gguf'))],
    ['general.base_model.count', count(1)],
    ['general.base_model.0.name', text(modelName(headers[0] as GgufHeader))],
    ['adapter.type', text('chorus')],
    // A scale of 1: the scales of adapters are in their factors.
    ['adapter.lora.alpha', { type: 'f32', value: 0 }],
    ['adapter.chorus.expert_count', count(experts.length)],
    ['adapter.chorus.expert_used_count', count(expertsUsed)],
    ['adapter.chorus.expert_gate_mode', text(gateMode)],
    [FORM_KEY, text(form)],
    ['adapter.chorus.expert_names', { type: 'strings', value: experts.map((expert) => expert.name) }],
  ]);
}
