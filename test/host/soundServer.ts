import { execa } from 'execa';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Window } from './driver.ts';
import { waitFor } from './waitFor.ts';

/** A PulseAudio server for tests: a silent loudspeaker, and a microphone that records only it. */
export class SoundServer {
  private constructor(
    private readonly folder: string,
    private readonly process: ReturnType<typeof spawnSoundServer>,
  ) {}

  /** The environment for programs that use this server. */
  get environment(): Record<string, string> {
    return { PULSE_SERVER: `unix:${socketIn(this.folder)}`, PULSE_COOKIE: path.join(this.folder, 'cookie') };
  }

  static async start(): Promise<SoundServer> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-sound-'));
    await chmod(folder, 0o700);
    const server = new SoundServer(folder, spawnSoundServer(folder));
    await waitFor('the sound server', async () => (await server.#control('info')).exitCode === 0);
    await server.plugIn();
    return server;
  }

  /** Plays a WAV file into the microphone, to its end. */
  async play(file: string): Promise<void> {
    await execa('paplay', ['--device=speaker', file], { env: this.environment });
  }

  async plugIn(): Promise<void> {
    await this.#control('load-module', 'module-remap-source', 'master=speaker.monitor', 'source_name=microphone');
    await this.#control('set-default-source', 'microphone');
  }

  /** Returns the number of programs that listen to the microphone. */
  async listeners(): Promise<number> {
    const { stdout } = await this.#control('list', 'short', 'source-outputs');
    return stdout.split('\n').filter((line) => line.includes('protocol-native')).length;
  }

  async stop(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.process;
    await rm(this.folder, { recursive: true, force: true });
  }

  #control(...parameters: readonly string[]) {
    return execa('pactl', parameters, { env: this.environment, reject: false });
  }
}

function spawnSoundServer(folder: string) {
  const modules = [
    `module-native-protocol-unix auth-anonymous=1 socket=${socketIn(folder)}`,
    'module-null-sink sink_name=speaker',
  ];
  return execa(
    'pulseaudio',
    ['--daemonize=no', '--exit-idle-time=-1', '-n', ...modules.flatMap((module) => ['-L', module])],
    {
      env: { XDG_RUNTIME_DIR: folder, HOME: folder },
      stdio: 'ignore',
      reject: false,
    },
  );
}

const socketIn = (folder: string): string => path.join(folder, 'native');

/** Answers the question before the first dictation. Each browser profile is asked once. */
export async function allowMicrophone(window: Window): Promise<void> {
  await window.dialog('microphone').getByRole('button', { name: 'Use the Microphone' }).click();
}
