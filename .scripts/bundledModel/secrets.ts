/** Recognises keys and passwords, which must not be trained on. */

const SECRETS: readonly RegExp[] = [
  /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----/,
  /\b(?:AKIA|ASIA|AGPA|AROA)[0-9A-Z]{16}\b/,
  /\bgh[pousr]_[0-9A-Za-z]{36,}\b/,
  /\bgithub_pat_[0-9A-Za-z_]{60,}\b/,
  /\bglpat-[0-9A-Za-z_-]{20,}\b/,
  /\bnpm_[0-9A-Za-z]{36}\b/,
  /\bpypi-[0-9A-Za-z_-]{50,}\b/,
  /\bxox[abprs]-[0-9A-Za-z-]{10,}\b/,
  /\bAIza[0-9A-Za-z_-]{35}\b/,
  /\b[rs]k_live_[0-9A-Za-z]{16,}\b/,
  /\bsk-(?:proj-|ant-)?[0-9A-Za-z_-]{32,}\b/,
  /\bSG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43}\b/,
  /\beyJ[0-9A-Za-z_-]{15,}\.eyJ[0-9A-Za-z_-]{15,}\.[0-9A-Za-z_-]{20,}\b/,
  /\b(?:password|passwd|secret|api_?key|access_?token|auth_?token)\b["']?\s*[:=]\s*["'](?=[^"']*\d)(?=[^"']*[a-zA-Z])[0-9A-Za-z+/_=-]{24,}["']/i,
];

/** Returns whether a text seems to contain a real key, token or password. */
export function holdsSecret(text: string): boolean {
  return SECRETS.some((pattern) => pattern.test(text));
}
