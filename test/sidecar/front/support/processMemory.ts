import { execa } from 'execa';

/** Resident memory in MiB. */
export interface ProcessMemory {
  readonly front: number;
  readonly engine: number;
}

/**
 * Returns the resident memory of a sidecar's front and of its child, the engine. Rejects if there is not exactly one
 * child.
 */
export async function residentMegabytes(frontPid: number): Promise<ProcessMemory> {
  const processes = await listProcesses();
  const front = processes.find(({ pid }) => pid === frontPid);
  const children = processes.filter(({ parent }) => parent === frontPid);
  if (!front || children.length !== 1)
    throw new Error(`The sidecar ${frontPid} has ${children.length} child processes, expected the engine alone`);
  return { front: front.residentMegabytes, engine: children[0]!.residentMegabytes };
}

async function listProcesses(): Promise<readonly { pid: number; parent: number; residentMegabytes: number }[]> {
  const [program, ...commandLine] =
    process.platform === 'win32'
      ? [
          'powershell',
          '-NoProfile',
          '-Command',
          'Get-CimInstance Win32_Process | ForEach-Object { "$($_.ProcessId) $($_.ParentProcessId) $($_.WorkingSetSize / 1KB)" }',
        ]
      : ['ps', '-A', '-o', 'pid=,ppid=,rss='];
  // The listing program is a child of this process, not of the sidecar.
  const { stdout } = await execa(program, commandLine);
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [pid, parent, kilobytes] = line.trim().split(/\s+/).map(Number);
      return { pid: pid!, parent: parent!, residentMegabytes: Math.round(kilobytes! / 1024) };
    });
}
