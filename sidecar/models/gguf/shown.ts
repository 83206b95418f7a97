const MAX_CHARACTERS = 80;

/**
 * A name or value of a file as messages show it: as JSON, at most 80 characters of it. Files may hold anything, of any
 * length.
 */
export function shown(value: string | number | boolean | readonly (number | boolean)[]): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > MAX_CHARACTERS ? `${value.slice(0, MAX_CHARACTERS)}…` : value);
  const text = JSON.stringify(value);
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
}
