const MAX_CHARACTERS = 80;

/** Formats a name or value of a file for messages: as JSON, cut at 80 characters. Files may contain anything. */
export function shown(value: string | number | boolean | readonly (number | boolean)[]): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > MAX_CHARACTERS ? `${value.slice(0, MAX_CHARACTERS)}…` : value);
  const text = JSON.stringify(value);
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
}
