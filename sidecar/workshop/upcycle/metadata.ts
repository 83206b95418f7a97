import type { GgufEntry } from '../../models/gguf/content.ts';
import type { Inputs } from './inputs.ts';
import type { Recipe } from './recipe.ts';

/** Keys for the author and origin of a model. They would be wrong for a new model with its own name. */
const ORIGIN =
  /^general\.(author|basename|base_model\..*|description|doi|finetune|name|organization|quantized_by|repo_url|source\..*|tags|url|uuid|version)$/;
const LEFT_OUT = /^(general\.(architecture|size_label)|split\..*|[^.]+\.(attention\.)?expert_.*)$/;

/**
 * The metadata of a model made of `inputs`: those of the first input, without expert keys, under the name of the new
 * architecture, plus the recipe's keys.
 *
 * With a name, the inputs are listed as `general.base_model.*`, each by its own name. Inputs with equal names are
 * listed with their file names as well.
 */
export function metadataOf(inputs: Inputs, recipe: Recipe): Map<string, GgufEntry> {
  const own = inputs.first.model.architecture.name;
  const name = recipe.keepsArchitecture ? own : 'chorus';
  const metadata = new Map<string, GgufEntry>([['general.architecture', text(name)]]);
  if (recipe.name !== undefined) addOrigin(metadata, recipe.name, inputs);
  for (const [key, entry] of inputs.first.metadata) {
    if (LEFT_OUT.test(key) || (recipe.name !== undefined && ORIGIN.test(key))) continue;
    metadata.set(key.startsWith(`${own}.`) ? `${name}.${key.slice(own.length + 1)}` : key, entry);
  }
  if (!recipe.keepsArchitecture) addShape(metadata, inputs, recipe);
  return metadata;
}

function addOrigin(metadata: Map<string, GgufEntry>, name: string, inputs: Inputs): void {
  metadata.set('general.name', text(name));
  metadata.set('general.base_model.count', count(inputs.count));
  for (const [index, input] of inputs.all.entries()) {
    // A model keeps its name when it is trained further, so only the file name distinguishes the two. The name is still
    // needed, since it decides the fill-in-the-middle marks.
    const isShared = inputs.all.some((other) => other !== input && other.name === input.name);
    metadata.set(
      `general.base_model.${index}.name`,
      text(isShared && input.name !== input.fileName ? `${input.name} (${input.fileName})` : input.name),
    );
    for (const key of ['organization', 'repo_url', 'version']) {
      const entry = input.metadata.get(`general.${key}`);
      if (entry) metadata.set(`general.base_model.${index}.${key}`, entry);
    }
  }
}

/** Keys that the architecture `chorus` needs because its inputs' architectures imply them. */
function addShape(metadata: Map<string, GgufEntry>, inputs: Inputs, recipe: Recipe): void {
  const { hyperparameters } = inputs.first.model;
  const set = (key: string, entry: GgufEntry): void => void metadata.set(`chorus.${key}`, entry);
  set('block_kind', text(inputs.blockKind));
  set('norm_kind', text(hyperparameters.norm.kind));
  set('rope.pairing', text(hyperparameters.rope.pairing));
  set('logit_scale', { type: 'f32', value: hyperparameters.logitScale });
  set('attention.head_norm', { type: 'bool', value: inputs.hasHeadNorm });
  if (recipe.experts < 2) return;
  set('expert_count', count(recipe.experts));
  set('expert_used_count', count(recipe.expertsUsed));
  set('expert_gate_mode', text(recipe.gateMode));
  set('expert_interval', count(recipe.interval));
  if (recipe.attention === 'average') return;
  set('attention.expert_count', count(recipe.experts));
  set('attention.expert_used_count', count(recipe.attention === 'soft' ? 0 : recipe.attention));
  if (recipe.attention !== 'soft') set('attention.expert_gate_mode', text(recipe.gateMode));
  set('attention.expert_cache', text(recipe.cache));
}

function text(value: string): GgufEntry {
  return { type: 'string', value };
}

function count(value: number): GgufEntry {
  return { type: 'u32', value };
}
