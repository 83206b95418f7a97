import type { LoadedModel } from '../../protocol/engine.ts';

/** What identifies a model's training. */
export type FimModel = Pick<LoadedModel, 'name' | 'architecture' | 'path' | 'metadata' | 'special'>;

/**
 * A family of models trained to fill in the middle, with its marks and their order. Some untrained models share a
 * vocabulary with trained ones (Qwen2.5 without Coder). `names` tells them apart if the marks alone prove nothing.
 */
export interface FimFamily {
  readonly name: string;
  /** 'psm': prefix, suffix, middle. 'spm': suffix, prefix, middle. */
  readonly order: 'psm' | 'spm';
  readonly prefix: string;
  readonly suffix: string;
  /** Absent if the middle directly follows the prefix. */
  readonly middle?: string;
  /** Marks in the output that end a middle, in addition to the model's own end tokens. */
  readonly end: readonly string[];
  /** Text that names the file, placed before the first mark, if the model was trained with it. */
  readonly fileHeader?: (path: string) => string;
  /** The mark before the path and text of each file, if the model was trained on several files at once. */
  readonly fileMark?: string;
  /** A pattern for `general.name`, `general.basename`, `general.architecture` or the file's name. */
  readonly names?: RegExp;
}

/** Most specific first. The first family whose marks are all single tokens and whose names match is used. */
export const fimFamilies: readonly FimFamily[] = [
  {
    name: 'mellum',
    order: 'spm',
    prefix: '<fim_prefix>',
    suffix: '<fim_suffix>',
    middle: '<fim_middle>',
    end: ['<filename>', '<|endoftext|>'],
    fileHeader: (path) => `<filename>${path}\n`,
    fileMark: '<filename>',
    names: /mellum/i,
  },
  {
    name: 'starcoder2',
    order: 'psm',
    prefix: '<fim_prefix>',
    suffix: '<fim_suffix>',
    middle: '<fim_middle>',
    end: ['<file_sep>', '<|endoftext|>'],
    fileHeader: (path) => `<file_sep>${path}\n`,
    fileMark: '<file_sep>',
    names: /starcoder-?2/i,
  },
  // StarCoder, SantaCoder (with hyphens), Granite Code, Refact, StableCode: same spelling, same order.
  {
    name: 'starcoder',
    order: 'psm',
    prefix: '<fim_prefix>',
    suffix: '<fim_suffix>',
    middle: '<fim_middle>',
    end: ['<|endoftext|>'],
  },
  {
    name: 'santacoder',
    order: 'psm',
    prefix: '<fim-prefix>',
    suffix: '<fim-suffix>',
    middle: '<fim-middle>',
    end: ['<|endoftext|>'],
  },
  {
    name: 'qwen-coder',
    order: 'psm',
    prefix: '<|fim_prefix|>',
    suffix: '<|fim_suffix|>',
    middle: '<|fim_middle|>',
    end: ['<|endoftext|>', '<|file_sep|>', '<|repo_name|>', '<|fim_pad|>', '<|cursor|>'],
    fileMark: '<|file_sep|>',
    names: /qwen.*coder|coder.*qwen|codeqwen|sweep|zeta/i,
  },
  {
    name: 'codegemma',
    order: 'psm',
    prefix: '<|fim_prefix|>',
    suffix: '<|fim_suffix|>',
    middle: '<|fim_middle|>',
    end: ['<|file_separator|>', '<eos>'],
    fileMark: '<|file_separator|>',
    names: /codegemma/i,
  },
  {
    name: 'granite',
    order: 'psm',
    prefix: '<|fim_prefix|>',
    suffix: '<|fim_suffix|>',
    middle: '<|fim_middle|>',
    end: ['<|end_of_text|>', '<|filename|>'],
    names: /granite/i,
  },
  {
    name: 'deepseek',
    order: 'psm',
    prefix: '<｜fim▁begin｜>',
    suffix: '<｜fim▁hole｜>',
    middle: '<｜fim▁end｜>',
    end: ['<｜end▁of▁sentence｜>', '<|EOT|>'],
    names: /deepseek/i,
  },
  {
    name: 'codellama',
    order: 'psm',
    prefix: '▁<PRE>',
    suffix: '▁<SUF>',
    middle: '▁<MID>',
    end: ['<EOT>', ' <EOT>', '▁<EOT>'],
  },
  {
    name: 'codestral',
    order: 'spm',
    prefix: '[PREFIX]',
    suffix: '[SUFFIX]',
    end: ['[PREFIX]', '[SUFFIX]', '</s>'],
    names: /codestral|devstral/i,
  },
  {
    name: 'seed-coder',
    order: 'spm',
    prefix: '<[fim-prefix]>',
    suffix: '<[fim-suffix]>',
    middle: '<[fim-middle]>',
    end: ['<[end▁of▁sentence]>'],
  },
];

/**
 * Vocabularies with fill-in marks that most of their models never learned. Metadata derived from such a vocabulary
 * proves nothing.
 */
const sharedVocabularies = /^(qwen|gemma|granite|llama4|deepseek)/i;

/** Whether metadata that names the marks proves training. */
export function metadataIsEvidence(model: FimModel): boolean {
  const written = Object.keys(model.metadata).some((key) => /^tokenizer\.ggml\.(fim_pre|prefix)_token_id$/.test(key));
  return written || !sharedVocabularies.test(model.architecture);
}

export function nameMatches(family: FimFamily, model: FimModel): boolean {
  if (family.names === undefined) return true;
  const file = model.path.slice(Math.max(model.path.lastIndexOf('/'), model.path.lastIndexOf('\\')) + 1);
  const names = [model.name, model.architecture, file];
  for (const key of ['general.name', 'general.basename', 'general.base_model.0.name'])
    names.push(String(model.metadata[key] ?? ''));
  return names.some((name) => family.names?.test(name));
}
