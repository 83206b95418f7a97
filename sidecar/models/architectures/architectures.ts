import type { Architecture } from './architecture.ts';
import { chorus } from './chorus.ts';
import { cohere2 } from './cohere2.ts';
import { commandR } from './commandR.ts';
import { gemma3 } from './gemma3.ts';
import { glm4moe } from './glm4moe.ts';
import { gptOss } from './gptOss.ts';
import { granite } from './granite.ts';
import { graniteHybrid } from './graniteHybrid.ts';
import { llama } from './llama.ts';
import { mistral3 } from './mistral3.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';
import { qwen35 } from './qwen35.ts';
import { qwen35moe } from './qwen35moe.ts';
import { qwen3moe } from './qwen3moe.ts';
import { starcoder2 } from './starcoder2.ts';

/** The architectures of Chorus's own engine, by `general.architecture`. */
export const architectures: ReadonlyMap<string, Architecture> = new Map(
  [
    chorus,
    cohere2,
    commandR,
    gemma3,
    glm4moe,
    gptOss,
    granite,
    graniteHybrid,
    llama,
    mistral3,
    qwen2,
    qwen3,
    qwen35,
    qwen35moe,
    qwen3moe,
    starcoder2,
  ].map((architecture) => [architecture.name, architecture]),
);

/** Architectures that only Chorus's own engine runs. */
export const ownArchitectures: ReadonlySet<string> = new Set([chorus.name]);
