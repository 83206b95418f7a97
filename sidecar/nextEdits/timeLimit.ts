/**
 * Starts a limit. The returned function tells whether the time is over. The process must also have worked for as long,
 * since other programs may keep the processor busy.
 */
export function timeLimit(limitMs: number): () => boolean {
  const endMs = performance.now() + limitMs;
  const before = process.cpuUsage();
  return () => {
    if (performance.now() <= endMs) return false;
    const { user, system } = process.cpuUsage(before);
    return user + system > limitMs * 1_000;
  };
}
