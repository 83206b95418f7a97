/**
 * What `Retry-After` asks for, in milliseconds from now: seconds, or a date, of which one that is past asks for nothing
 * (RFC 9110, section 10.2.3).
 */
export function retryAfterMs(headers: Headers): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (!value) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
