import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { parseJson } from '../common/parseJson.ts';
import { writeWhole } from '../common/writeWhole.ts';
import type { PromptSpeedMemory } from '../completion/prompt/promptBudget.ts';

const MAX_MODELS = 50;
const WRITE_DELAY_MS = 5_000;
const content = z.array(z.tuple([z.string().max(4096), z.number().positive()])).max(MAX_MODELS);

/**
 * Measured prompt speeds by model, in a file. The size of a prompt depends on the speed, and a kept context only
 * matches prompts of the same size. A file that cannot be read counts as empty. If it cannot be written, the speed is
 * measured again.
 */
export class PromptSpeeds implements PromptSpeedMemory {
  #timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly file: string,
    private readonly speeds: Map<string, number>,
  ) {}

  static async open(file: string): Promise<PromptSpeeds> {
    const text = await readFile(file, 'utf8').catch(() => '[]');
    return new PromptSpeeds(file, new Map(parsed(text)));
  }

  of(model: string): number | undefined {
    return this.speeds.get(model);
  }

  note(model: string, tokensPerSecond: number): void {
    this.speeds.delete(model);
    this.speeds.set(model, tokensPerSecond);
    for (const oldest of [...this.speeds.keys()].slice(0, -MAX_MODELS)) this.speeds.delete(oldest);
    this.#timer ??= setTimeout(() => {
      this.flush().catch(() => undefined);
    }, WRITE_DELAY_MS).unref();
  }

  /** Writes unsaved speeds to the file. */
  async flush(): Promise<void> {
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await writeWhole(this.file, JSON.stringify([...this.speeds], undefined, 2)).catch(() => undefined);
  }
}

function parsed(text: string): z.infer<typeof content> {
  try {
    return content.parse(parseJson(text));
  } catch {
    return [];
  }
}
