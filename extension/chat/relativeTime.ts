const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * 86_400_000],
  ['month', 30 * 86_400_000],
  ['week', 7 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

/** Returns a time such as "2 hours ago" or "yesterday" in the given language, or "now" below a minute. */
export function relativeTime(timeMs: number, nowMs: number, language: string): string {
  const format = new Intl.RelativeTimeFormat([language, 'en'], { numeric: 'auto', style: 'short' });
  const elapsedMs = Math.max(0, nowMs - timeMs);
  for (const [unit, sizeMs] of UNITS) {
    if (elapsedMs >= sizeMs) return format.format(-Math.floor(elapsedMs / sizeMs), unit);
  }
  return format.format(0, 'second');
}
