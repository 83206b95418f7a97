/**
 * The language of a BCP 47 tag in the form that speech models use: lower case, without region or script, so "pt" for
 * "pt-BR". "auto" stays.
 */
export function spokenLanguage(tag: string): string {
  return (tag.split(/[-_]/, 1)[0] as string).toLowerCase();
}
