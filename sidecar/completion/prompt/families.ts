import type { LoadedModel } from '../../protocol/engine.ts';

/**
 * A family of models trained to fill in the middle: its marks, and the order it saw them in. Vocabularies are shared
 * with models that were never trained so (Qwen2.5 without Coder), hence `names` where the marks alone prove nothing.
 */
export interface FimFamily {
  readonly name: string;
  /** 'psm': prefix, suffix, middle. 'spm': suffix, prefix, middle. */
  readonly order: 'psm' | 'spm';
  readonly prefix: string;
  readonly suffix: string;
  /** Absent where the middle follows the prefix at once. */
  readonly middle?: string;
  /** Marks in the output that end a middle, beside the model's own end tokens. */
  readonly end: readonly string[];
  /** Text that names the file, put before the first mark, where the model was trained with it. */
  readonly fileHeader?: (path: string) => string;
  /** Mark before the path and text of each file, where the model was trained on several files at once. */
  readonly fileMark?: string;
  /** What `general.name`, `general.basename`, `general.architecture` or the file's name must match. */
  readonly names?: RegExp;
}

/** Most specific first: the first family whose marks are all single tokens and whose names match is taken. */
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
  // StarCoder, SantaCoder (with hyphens), Granite Code, Refact, StableCode: one spelling, one order.
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
 * Vocabularies that name fill-in marks though most of their models never learned them: metadata filled in from it
 * proves nothing.
 */
const sharedVocabularies = /^(qwen|gemma|granite|llama4|deepseek)/i;

/** Whether metadata that names the marks is evidence of training. */
export function metadataIsEvidence(model: LoadedModel): boolean {
  const written = Object.keys(model.metadata).some((key) => /^tokenizer\.ggml\.(fim_pre|prefix)_token_id$/.test(key));
  return written || !sharedVocabularies.test(model.architecture);
}

export function nameMatches(family: FimFamily, model: LoadedModel): boolean {
  if (family.names === undefined) return true;
  const file = model.path.slice(Math.max(model.path.lastIndexOf('/'), model.path.lastIndexOf('\\')) + 1);
  const names = [model.name, model.architecture, file];
  for (const key of ['general.name', 'general.basename', 'general.base_model.0.name'])
    names.push(String(model.metadata[key] ?? ''));
  return names.some((name) => family.names?.test(name));
}
