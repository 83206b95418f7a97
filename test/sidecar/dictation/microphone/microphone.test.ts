import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { RECORDINGS_FOLDER } from '../../../../.scripts/system.ts';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { Microphone } from '../../../../sidecar/dictation/microphone/microphone.ts';
import { SoundServer } from '../../../host/soundServer.ts';
import { waitFor } from '../../../host/waitFor.ts';

const withoutSound =
  existsSync('/usr/bin/pulseaudio') && existsSync(RECORDINGS_FOLDER)
    ? false
    : 'pulseaudio or the recordings of asterisk-core-sounds-en-wav are not installed';

describe('the microphone of a sound server', { skip: withoutSound }, () => {
  let server: SoundServer;
  const inherited = { ...process.env };
  before(async () => {
    server = await SoundServer.start();
  });
  after(() => server.stop());

  /** Opens the real microphone, with the sound server of an environment. */
  function open(environment: Record<string, string>): {
    readonly microphone: Microphone;
    readonly heard: { isOpen: boolean; loudest: number };
  } {
    const heard = { isOpen: false, loudest: 0 };
    Object.assign(process.env, environment);
    try {
      const microphone = new Microphone({
        onOpen: () => (heard.isOpen = true),
        onSound: (samples) => {
          const bytes = Buffer.from(samples, 'base64');
          for (let offset = 0; offset + 1 < bytes.length; offset += 2)
            heard.loudest = Math.max(heard.loudest, Math.abs(bytes.readInt16LE(offset)));
        },
      });
      return { microphone, heard };
    } finally {
      for (const key of Object.keys(environment)) delete process.env[key];
      Object.assign(process.env, inherited);
    }
  }

  const fails = async (microphone: Microphone, message: RegExp): Promise<void> =>
    assert.rejects(
      microphone.failed,
      (error) => error instanceof TroubleError && error.code === 'no-microphone' && message.test(error.message),
    );

  it('records the sound that is played to it, and is released when it is closed', async () => {
    const { microphone, heard } = open(server.environment);
    await waitFor('the open microphone', () => Promise.resolve(heard.isOpen));
    await server.play(path.join(RECORDINGS_FOLDER, 'digits', '1.wav'));
    await waitFor('the sound', () => Promise.resolve(heard.loudest > 1_000));
    microphone[Symbol.dispose]();
    await microphone.failed;
    await waitFor('nobody who listens', async () => (await server.listeners()) === 0);
  });

  it('is reported as gone when it goes away during a recording', async () => {
    // PulseAudio gives a recorder another source in place of an unplugged one. So all sources have to go.
    const other = await SoundServer.start();
    const { microphone, heard } = open(other.environment);
    await waitFor('the open microphone', () => Promise.resolve(heard.isOpen));
    await other.stop();
    await fails(microphone, /unplugged|can't be opened|ended unexpectedly/);
  });

  it('is reported as missing if there is no sound server', async () => {
    const { microphone, heard } = open({
      PULSE_SERVER: 'unix:/nonexistent/chorus',
      PULSE_COOKIE: '/nonexistent/cookie',
    });
    await fails(microphone, /can't be opened: .+ Check that one is plugged in and that the system lets VS Code use it/);
    assert.equal(heard.isOpen, false);
  });
});
