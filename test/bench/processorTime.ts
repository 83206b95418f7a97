/** Milliseconds of processor time, of all threads, that this process has taken. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
