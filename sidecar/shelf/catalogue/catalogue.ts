import { parseJson } from '../../common/parseJson.ts';
import { TroubleError } from '../../common/troubleError.ts';
import builtIn from './models.json' with { type: 'json' };
import { catalogueSchema, type Catalogue, type CatalogueModel } from './schema.ts';

/** The size limit of a catalogue, in bytes. */
export const MAX_CATALOGUE_BYTES = 4 * 1024 * 1024;

/** Returns the catalogue that ships with Chorus. */
export function builtInCatalogue(): Catalogue {
  return catalogueSchema.parse(builtIn);
}

/**
 * Parses a catalogue's text; `source` tells where it is from. Throws `TroubleError` 'invalid-catalogue' that names the
 * field and the expected value.
 */
export function parseCatalogue(text: string, source: string): Catalogue {
  let content: unknown;
  try {
    content = parseJson(text);
  } catch (cause) {
    throw new TroubleError(
      'invalid-catalogue',
      `The catalogue ${source} is no JSON: ${(cause as Error).message.slice(0, 200)}`,
      { cause },
    );
  }
  const parsed = catalogueSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new TroubleError(
    'invalid-catalogue',
    `The catalogue ${source} can't be used: ${fieldName(issue.path)}: ${issue.message.slice(0, 300)}`,
  );
}

/** Returns the models of both catalogues. A model of the later catalogue replaces one of the same id. */
export function extendCatalogue(base: Catalogue, { replacesBuiltIn, models }: Catalogue): readonly CatalogueModel[] {
  if (replacesBuiltIn) return models;
  const ids = new Set(models.map(({ id }) => id));
  return [...models, ...base.models.filter(({ id }) => !ids.has(id))];
}

/** `models[3].licence.name` */
function fieldName(path: readonly PropertyKey[]): string {
  const name = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key).slice(0, 64)}`)).join('');
  return name === '' ? 'it' : name.replace(/^\./, '');
}
