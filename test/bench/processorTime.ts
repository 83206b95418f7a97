/** Returns the milliseconds of processor time that this process has used, over all threads. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
