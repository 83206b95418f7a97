import { readPowerSource, type PowerSource } from './powerSource.ts';

/** When Chorus is quiet: on battery, never, always. */
export type QuietSetting = 'auto' | 'never' | 'always';

/** A file is read on Linux; elsewhere a program is started, which on Windows takes a second of a processor. */
const INTERVAL_MS = 30_000;
const WINDOWS_INTERVAL_MS = 300_000;

export interface QuietnessOptions {
  readonly onChange: (isQuiet: boolean) => void;
  readonly read?: () => Promise<PowerSource | undefined>;
  readonly intervalMs?: number;
}

/** Whether the machine's owner would rather have less computed: nothing ahead of requests, and on half the threads. */
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

  /** Looks for a battery, and at how it goes, until the system says that there is none. */
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

  /** Takes a client's setting; one that has none leaves it as others chose it. */
  configure(setting: QuietSetting | undefined): void {
    if (setting !== undefined) this.#setting = setting;
    this.#update();
  }

  async #look(): Promise<void> {
    const { read = readPowerSource } = this.#options;
    const source = await read().catch(() => undefined);
    // A machine that is just waking up may be too busy to answer; it is asked again.
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
