/**
 * Returns the network error below HTTP, for messages: "connect ECONNREFUSED 127.0.0.1:8080", "self-signed certificate
 * (DEPTH_ZERO_SELF_SIGNED_CERT)".
 */
export function failureReason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return 'for an unknown reason';
  const { code } = cause as NodeJS.ErrnoException;
  return (
    [cause.message, code !== undefined && !cause.message.includes(code) ? `(${code})` : ''].filter(Boolean).join(' ') ||
    cause.name
  );
}
