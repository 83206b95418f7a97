import { execa } from 'execa';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** The machine's power source. 'no-battery' means mains, always. */
export type PowerSource = 'mains' | 'battery' | 'no-battery';

const LINUX_FOLDER = '/sys/class/power_supply';
const COMMAND_LIMIT_MS = 5_000;
/** Values of BatteryStatus in Win32_Battery: discharging, low, critical. */
const WINDOWS_DISCHARGING = ['1', '4', '5'];

/** Reads the power source from the system. Returns `undefined` if the system does not tell. */
export async function readPowerSource(platform: NodeJS.Platform = process.platform): Promise<PowerSource | undefined> {
  switch (platform) {
    case 'linux':
      return linuxPowerSource(LINUX_FOLDER);
    case 'darwin':
      return macPowerSource(await outputOf('pmset', ['-g', 'batt']));
    case 'win32':
      return windowsPowerSource(
        await outputOf('powershell.exe', [
          '-NoProfile',
          '-NonInteractive',
          '-Command',
          '(Get-CimInstance Win32_Battery).BatteryStatus',
        ]),
      );
    default:
      return undefined;
  }
}

/**
 * Reads the power source from Linux's folder of power supplies. The battery of a mouse or a keyboard has the scope
 * "Device".
 */
export async function linuxPowerSource(folder: string): Promise<PowerSource | undefined> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? [] : undefined,
  );
  if (names === undefined) return undefined;
  const supplies = await Promise.all(
    names.map(async (name) => {
      const [type, scope, status, online] = await Promise.all(
        ['type', 'scope', 'status', 'online'].map((file) => readTrimmed(path.join(folder, name, file))),
      );
      return { type, scope, status, online };
    }),
  );
  const batteries = supplies.filter(({ type, scope }) => type === 'Battery' && scope !== 'Device');
  if (batteries.length === 0) return 'no-battery';
  const isPlugged = supplies.some(
    ({ type, scope, online }) => type !== 'Battery' && scope !== 'Device' && online === '1',
  );
  return !isPlugged && batteries.some(({ status }) => status === 'Discharging') ? 'battery' : 'mains';
}

/** Reads the power source from the output of `pmset -g batt`. A Mac without a battery draws from AC power too. */
export function macPowerSource(output: string | undefined): PowerSource | undefined {
  if (output === undefined) return undefined;
  const source = /drawing from '(AC|Battery|UPS) Power'/.exec(output)?.[1];
  if (source === undefined) return undefined;
  if (source !== 'AC') return 'battery';
  return output.includes('InternalBattery') ? 'mains' : 'no-battery';
}

/** Reads the power source from the BatteryStatus values that Windows prints, one line per battery. */
export function windowsPowerSource(output: string | undefined): PowerSource | undefined {
  if (output === undefined) return undefined;
  const states = output.split(/\s+/).filter((line) => line !== '');
  if (states.length === 0) return 'no-battery';
  return states.every((state) => WINDOWS_DISCHARGING.includes(state)) ? 'battery' : 'mains';
}

async function readTrimmed(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
}

/** Returns the output of a program, or `undefined` if it fails, takes too long or does not exist. */
async function outputOf(command: string, args: readonly string[]): Promise<string | undefined> {
  const { stdout, failed } = await execa(command, args, {
    reject: false,
    timeout: COMMAND_LIMIT_MS,
    windowsHide: true,
    stdin: 'ignore',
  });
  return failed ? undefined : stdout;
}
