/**
 * The schema of a model catalogue. `catalogue.schema.json` is generated from this for editors; `docs/models.md`
 * describes it.
 */
import { z } from 'zod';
import { allParts } from '../../models/gguf/validate.ts';
import { ALLOWED_URL, isAllowedUrl } from '../../common/http/allowedUrl.ts';

/** Names that Windows gives to devices, with anything behind the first dot. */
const DEVICE_NAME = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

const count = z.number().int().positive().max(1e15);
const text = (maxLength: number): z.ZodString => z.string().min(1).max(maxLength);
const url = z.string().max(2048).refine(isAllowedUrl, ALLOWED_URL);

/** Folders of Chorus below the models folder: for imported models, and for fetched catalogues. */
export const IMPORTED_FOLDER = 'imported';
export const CATALOGUES_FOLDER = 'catalogues';

/** A folder's name below the models folder. Windows removes a dot at its end. */
const id = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]([a-z0-9._-]*[a-z0-9_-])?$/, 'expected small letters, digits, ".", "_" and "-", no "." at the end')
  .refine((value) => !DEVICE_NAME.test(value), 'Windows takes this for a device')
  .refine((value) => value !== IMPORTED_FOLDER && value !== CATALOGUES_FOLDER, 'Chorus has a folder of this name');
const fileName = z
  .string()
  .max(128)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]*\.gguf$/,
    'expected a file name of letters, digits, ".", "_" and "-" that ends in .gguf',
  )
  .refine((value) => !DEVICE_NAME.test(value), 'Windows takes this for a device');

const file = z
  .strictObject({
    url,
    fileName: fileName
      .optional()
      .meta({ description: 'Under which name it is kept. Absent: the last part of the URL.' }),
    sizeBytes: count.meta({ description: 'About how large it is; exactly, where sha256 is given.' }),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits')
      .optional()
      .meta({ description: "Absent: what the server states (Hugging Face's X-Linked-ETag)." }),
  })
  .superRefine((value, context) => {
    const named = fileName.safeParse(fileNameOf(value));
    if (!named.success)
      context.addIssue({
        code: 'custom',
        path: [value.fileName === undefined ? 'url' : 'fileName'],
        message: named.error.issues[0]!.message,
      });
  });

const quantisation = z
  .strictObject({
    type: text(32)
      .regex(/^[A-Za-z0-9_]+$/, 'expected letters, digits and "_"')
      .meta({ description: 'As llama.cpp names it, such as Q4_K_M.' }),
    files: z.array(file).min(1).max(64).meta({ description: 'One, or all parts of a split model in their order.' }),
  })
  .superRefine(({ files }, context) => {
    const parts = files.slice(0, 1).flatMap((first) => allParts(fileNameOf(first)));
    files.forEach((value, index) => {
      if (parts.length !== files.length || fileNameOf(value) !== parts[index])
        context.addIssue({
          code: 'custom',
          path: ['files', index],
          message: `expected part ${index + 1} of ${files.length}, named so`,
        });
    });
  });

const shape = z
  .strictObject({
    blockCount: count.max(512),
    embeddingLength: count.max(2 ** 20),
    headCount: count.max(16_384),
    keyValueHeadCount: count.max(16_384),
    headLength: count.max(16_384),
    vocabularySize: count.max(4_000_000),
    expertShare: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .meta({ description: 'Of a mixture of experts: their share of its parameters.' }),
    tiedOutput: z.boolean().optional().meta({ description: 'The embedding is the output matrix too.' }),
  })
  .meta({ description: "What the memory plan computes with, as in the model's config.json." });

const model = z.strictObject({
  id: id.meta({ description: 'An entry of a later catalogue with this id replaces it.' }),
  name: text(100),
  publisher: text(100),
  page: url.meta({ description: 'Where to read more.' }),
  parameters: count,
  activeParameters: count.optional().meta({ description: 'That a token uses, where it is not all.' }),
  architecture: text(64)
    .regex(/^[a-z0-9][a-z0-9_-]*$/, 'expected small letters, digits, "_" and "-"')
    .meta({ description: 'As general.architecture in the GGUF file.' }),
  shape,
  contextTokens: count.max(2 ** 31),
  completesInTheMiddle: z
    .boolean()
    .meta({ description: 'It was trained to fill in the middle, which ghost text needs.' }),
  answers: z.boolean().meta({ description: 'It was trained to follow instructions, which chat needs.' }),
  languages: z
    .array(text(16).regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'expected a BCP 47 tag'))
    .max(200)
    .meta({ description: 'Human languages, as BCP 47 tags.' }),
  licence: z.strictObject({ name: text(100), url: url.optional(), commercialUse: z.boolean() }),
  quantisations: z.array(quantisation).min(1).max(32).meta({ description: 'The one to take first.' }),
});

export const catalogueSchema = z
  .strictObject({
    $schema: z.string().max(2048).optional(),
    version: z.literal(1),
    replacesBuiltIn: z.boolean().optional().meta({ description: "Only this catalogue's models are offered." }),
    models: z.array(model).max(1000),
  })
  .superRefine(({ models }, context) => {
    const ids = new Set<string>();
    models.forEach(({ id: modelId, quantisations }, index) => {
      if (ids.has(modelId))
        context.addIssue({ code: 'custom', path: ['models', index, 'id'], message: 'an earlier model has it' });
      ids.add(modelId);
      const names = quantisations.flatMap(({ files }) => files.map((each) => fileNameOf(each).toLowerCase()));
      const types = quantisations.map(({ type }) => type.toLowerCase());
      if (new Set(names).size < names.length || new Set(types).size < types.length)
        context.addIssue({
          code: 'custom',
          path: ['models', index, 'quantisations'],
          message: 'two have the same type or file name',
        });
    });
  });

export type Catalogue = z.infer<typeof catalogueSchema>;
export type CatalogueModel = Catalogue['models'][number];
export type CatalogueQuantisation = CatalogueModel['quantisations'][number];
export type CatalogueFile = CatalogueQuantisation['files'][number];

/** Returns the name under which a file is stored. Empty if its URL has none. */
export function fileNameOf({ fileName: chosen, url: source }: Pick<CatalogueFile, 'fileName' | 'url'>): string {
  if (chosen !== undefined) return chosen;
  if (!URL.canParse(source)) return '';
  const last = new URL(source).pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}
