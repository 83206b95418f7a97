import { readPowerSource, type PowerSource } from './powerSource.ts';

/** When Chorus is quiet: on battery, never or always. */
export type QuietSetting = 'auto' | 'never' | 'always';

/** On Linux a file is read. Elsewhere a program is started, which on Windows takes a second of processor time. */
const INTERVAL_MS = 30_000;
const WINDOWS_INTERVAL_MS = 300_000;

export interface QuietnessOptions {
  readonly onChange: (isQuiet: boolean) => void;
  readonly read?: () => Promise<PowerSource | undefined>;
  readonly intervalMs?: number;
}

/** Quiet mode: nothing is computed ahead of requests, and half of the threads are used. */
export class Quietness {
  readonly #options: QuietnessOptions;
  #setting: QuietSetting = 'auto';
  #isOnBattery = false;
  #isQuiet = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: QuietnessOptions) {
    this.#options = options;
  }

  get isQuiet(): boolean {
    return this.#isQuiet;
  }

  /** Begins to read the power source at intervals, until the system reports that it has no battery. */
  async start(): Promise<void> {
    const { intervalMs = process.platform === 'win32' ? WINDOWS_INTERVAL_MS : INTERVAL_MS } = this.#options;
    this.#timer = setInterval(() => {
      this.#look().catch(() => undefined);
    }, intervalMs);
    this.#timer.unref();
    await this.#look();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Applies a client's setting. A client without the setting keeps the present choice. */
  configure(setting: QuietSetting | undefined): void {
    if (setting !== undefined) this.#setting = setting;
    this.#update();
  }

  async #look(): Promise<void> {
    const { read = readPowerSource } = this.#options;
    const source = await read().catch(() => undefined);
    // A machine that is waking up may be too busy to answer. The next interval asks again.
    if (source === undefined) return;
    if (source === 'no-battery') this.stop();
    this.#isOnBattery = source === 'battery';
    this.#update();
  }

  #update(): void {
    const isQuiet = this.#setting === 'always' || (this.#setting === 'auto' && this.#isOnBattery);
    if (isQuiet === this.#isQuiet) return;
    this.#isQuiet = isQuiet;
    this.#options.onChange(isQuiet);
  }
}
