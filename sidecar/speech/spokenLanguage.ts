/**
 * The language of a BCP 47 tag as speech models name it, in small letters and without region or script: "pt" for
 * "pt-BR". "auto" is itself.
 */
export function spokenLanguage(tag: string): string {
  return (tag.split(/[-_]/, 1)[0] as string).toLowerCase();
}
