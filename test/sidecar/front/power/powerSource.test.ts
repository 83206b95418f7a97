import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  linuxPowerSource,
  macPowerSource,
  type PowerSource,
  windowsPowerSource,
} from '../../../../sidecar/front/power/powerSource.ts';

type Supplies = Readonly<Record<string, Readonly<Record<string, string>>>>;

async function linux(supplies: Supplies): Promise<PowerSource | undefined> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-power-'));
  try {
    for (const [name, files] of Object.entries(supplies)) {
      await mkdir(path.join(folder, name));
      for (const [file, text] of Object.entries(files)) await writeFile(path.join(folder, name, file), `${text}\n`);
    }
    return await linuxPowerSource(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const mac = (source: string, battery: string): string => `Now drawing from '${source}'\n${battery}`;
const MAC_BATTERY = ' -InternalBattery-0 (id=22806627)\t71%; discharging; 4:12 remaining present: true\n';

describe('the power source', () => {
  const laptop = { type: 'Battery', status: 'Discharging' };
  const cases: readonly (readonly [
    what: string,
    found: () => Promise<PowerSource | undefined> | PowerSource | undefined,
    expected: PowerSource | undefined,
  ])[] = [
    ['a Linux laptop without its plug', () => linux({ BAT0: laptop, AC: { type: 'Mains', online: '0' } }), 'battery'],
    [
      'with it',
      () => linux({ BAT0: { type: 'Battery', status: 'Charging' }, AC: { type: 'Mains', online: '1' } }),
      'mains',
    ],
    [
      'with it, where the battery is full',
      () => linux({ BAT0: { type: 'Battery', status: 'Full' }, ADP1: { type: 'Mains', online: '1' } }),
      'mains',
    ],
    [
      'with a weak plug, which does not keep it from discharging',
      () => linux({ BAT0: laptop, 'ucsi-source': { type: 'USB', online: '1' } }),
      'mains',
    ],
    [
      'with two batteries, of which one is used',
      () => linux({ BAT0: { type: 'Battery', status: 'Not charging' }, BAT1: laptop }),
      'battery',
    ],
    [
      'a Linux desktop with a wireless mouse',
      () => linux({ hidpp_battery_0: { ...laptop, scope: 'Device' } }),
      'no-battery',
    ],
    ['a Linux server', () => linux({}), 'no-battery'],
    ['a system without such a folder', () => linuxPowerSource('/nowhere'), 'no-battery'],
    ['a system whose folder cannot be read', () => linuxPowerSource(fileURLToPath(import.meta.url)), undefined],
    ['a MacBook without its plug', () => macPowerSource(mac('Battery Power', MAC_BATTERY)), 'battery'],
    ['a MacBook with it', () => macPowerSource(mac('AC Power', MAC_BATTERY)), 'mains'],
    ['an iMac', () => macPowerSource(mac('AC Power', '')), 'no-battery'],
    [
      'an iMac whose supply runs on its own battery',
      () => macPowerSource(mac('UPS Power', ' -CyberPower (id=1)\t100%; discharging\n')),
      'battery',
    ],
    ['a Mac that says nothing', () => macPowerSource(''), undefined],
    ['a Windows laptop without its plug', () => windowsPowerSource('1\r\n'), 'battery'],
    ['nearly empty', () => windowsPowerSource('5\r\n'), 'battery'],
    ['a Windows laptop with it', () => windowsPowerSource('2\r\n'), 'mains'],
    ['with two batteries, of which one is charged', () => windowsPowerSource('1\r\n6\r\n'), 'mains'],
    ['a Windows machine whose program gives no answer', () => windowsPowerSource(undefined), undefined],
    ['a Mac whose program gives no answer', () => macPowerSource(undefined), undefined],
    ['a Windows desktop', () => windowsPowerSource('\r\n'), 'no-battery'],
  ];
  for (const [what, found, expected] of cases)
    it(`is read from ${what}`, async () => assert.equal(await found(), expected));
});
