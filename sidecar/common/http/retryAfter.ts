/**
 * Returns the wait that `Retry-After` asks for, in milliseconds (RFC 9110, section 10.2.3). The header has seconds or a
 * date; a date in the past gives 0.
 */
export function retryAfterMs(headers: Headers): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (!value) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
