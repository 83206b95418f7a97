import { rm } from 'node:fs/promises';
import type { ExpertPrompts } from '../../../sidecar/workshop/protocol.ts';
import { upcycle } from '../../../sidecar/workshop/upcycle/upcycle.ts';
import { DOMAINS, readPieces } from '../small/domains.ts';
import type { Outcome, SmallModels } from '../small/smallModels.ts';
import { BRANCHES, EXPERTS, mixtureArms, mixtureSteps, settings, type MixtureArm } from './arms.ts';

const TOKENS_PER_STEP = settings.sequenceTokens * settings.batchSequences;
const PROMPTS = 12;
const PROMPT_CHARACTERS = 600;

/** Runs all arms of one seed, from the seed's random weights to each arm's outcome. Throws `OutOfTimeError`. */
export async function runSeed(models: SmallModels): Promise<ReadonlyMap<string, Outcome>> {
  const { seedSteps, branchSteps, seedShareOfBranch: share } = settings;
  const [branchTokens, mixtureTokens] = [branchSteps * TOKENS_PER_STEP, settings.mixtureSteps * TOKENS_PER_STEP];
  await models.train('seed', {
    steps: seedSteps,
    rate: settings.seedRate,
    tokens: { prose: seedSteps * TOKENS_PER_STEP },
  });
  for (const branch of BRANCHES) {
    await models.train(branch, {
      from: 'seed',
      steps: branchSteps,
      rate: settings.furtherRate,
      tokens: { [branch]: (1 - share) * branchTokens, prose: share * branchTokens },
    });
  }
  const all = Object.fromEntries(
    DOMAINS.map((domain) => [
      domain,
      (domain === 'prose' ? 3 * share : 1 - share) * branchTokens + mixtureTokens / DOMAINS.length,
    ]),
  );
  await models.train('continued', {
    from: 'seed',
    steps: 3 * branchSteps + settings.mixtureSteps,
    rate: settings.furtherRate,
    tokens: all,
  });
  const outcomes = new Map<string, Outcome>();
  for (const name of ['seed', ...BRANCHES, 'continued']) outcomes.set(name, await models.measure(name));
  for (const arm of mixtureArms) outcomes.set(arm.name, await mixture(models, arm));
  return outcomes;
}

async function mixture(models: SmallModels, arm: MixtureArm): Promise<Outcome> {
  const steps = mixtureSteps(arm);
  if (!(await models.has(`${arm.name}.gguf`))) {
    const joined = steps === 0 ? arm.name : `${arm.name}.joined`;
    await upcycle({
      modelPaths: (arm.experts ?? EXPERTS).map((name) => models.file(`${name}.gguf`)),
      outputPath: models.file(`${joined}.gguf`),
      dense: false,
      cache: 'expert',
      expertsUsed: 1,
      gateMode: settings.gateMode,
      attention: 'soft',
      interval: 1,
      gates:
        arm.gates === 'hidden'
          ? { kind: 'hidden', prompts: await prompts(), scale: settings.gateScale }
          : { kind: 'random', seed: 100 * models.seed },
      ...arm.upcycle,
    });
    // All arms learn from the same texts in the same order.
    const tokens = Object.fromEntries(
      DOMAINS.map((domain) => [domain, (settings.mixtureSteps * TOKENS_PER_STEP) / DOMAINS.length]),
    );
    if (steps > 0) {
      await models.train(arm.name, { from: joined, data: 'mixture', steps, rate: settings.furtherRate, tokens });
      await rm(models.file(`${joined}.gguf`));
    }
  }
  return models.measure(arm.name);
}

/** Returns for each expert texts of its domain, and texts of the others. */
async function prompts(): Promise<readonly ExpertPrompts[]> {
  const texts = await Promise.all(
    DOMAINS.map(async (domain) => {
      const pieces = await readPieces(domain, 'training');
      return Array.from({ length: PROMPTS }, (_, index) =>
        (pieces[Math.floor((index * pieces.length) / PROMPTS)] as string).slice(0, PROMPT_CHARACTERS),
      );
    }),
  );
  return texts.map((positive, expert) => ({
    positive,
    negative: texts.flatMap((others, other) => (other === expert ? [] : others.slice(0, PROMPTS / 3))),
  }));
}
