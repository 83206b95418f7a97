import type { CompletionPreferences } from '../settings.ts';

export type GateState =
  | { readonly kind: 'on' }
  | { readonly kind: 'off' }
  | { readonly kind: 'languageOff'; readonly languageId: string }
  | { readonly kind: 'snoozed'; readonly untilMs: number };

/** Returns whether ghost text is on. `nowMs` and `snoozedUntilMs` are times as of `Date.now()`. */
export function gateState(
  preferences: CompletionPreferences,
  languageId: string | undefined,
  snoozedUntilMs: number,
  nowMs: number,
): GateState {
  if (!preferences.enabled) return { kind: 'off' };
  if (snoozedUntilMs > nowMs) return { kind: 'snoozed', untilMs: snoozedUntilMs };
  if (languageId !== undefined && preferences.disabledLanguages.includes(languageId))
    return { kind: 'languageOff', languageId };
  return { kind: 'on' };
}

/** Returns the list of disabled languages with `languageId` toggled. */
export function toggledLanguages(disabledLanguages: readonly string[], languageId: string): readonly string[] {
  return disabledLanguages.includes(languageId)
    ? disabledLanguages.filter((other) => other !== languageId)
    : [...disabledLanguages, languageId].sort();
}
