import { TroubleError } from '../../../../../sidecar/common/troubleError.ts';
import { builtInCatalogue, extendCatalogue, parseCatalogue } from '../../../../../sidecar/shelf/catalogue/catalogue.ts';
import type { Catalogue } from '../../../../../sidecar/shelf/catalogue/schema.ts';
import { modelPath } from '../../../../../sidecar/shelf/download/downloadModel.ts';
import { planEntry } from '../../../../../sidecar/shelf/planEntry.ts';
import { modelFolder } from '../../../../../sidecar/shelf/catalogueEntry.ts';
import { mutatedJson } from '../json.ts';
import type { Random } from '../random.ts';
import type { FuzzTarget } from '../target.ts';
import { machine } from './machine.ts';

const MODELS_FOLDER = '/models';

/** Catalogues of users and teams, with the plans and paths of accepted ones. */
export function openCatalogue(): FuzzTarget<string> {
  const builtIn = builtInCatalogue();
  const samples = builtIn.models.map((model): Catalogue => ({
    version: 1,
    replacesBuiltIn: false,
    models: [{ ...model, quantisations: model.quantisations.slice(0, 1) }],
  }));
  return {
    title: 'catalogues: reading one, its plans and paths',
    make: (random: Random) => mutatedJson(random, random.of(samples)),
    run: (text) => {
      const catalogue = parsed(text);
      if (!catalogue) return false;
      for (const model of extendCatalogue({ ...builtIn, models: [] }, catalogue)) {
        const folder = modelFolder(MODELS_FOLDER, model);
        for (const quantisation of model.quantisations) {
          const target = modelPath(folder, quantisation.files);
          if (!target.startsWith(`${MODELS_FOLDER}/${model.id}/`) || target.split('/').includes('..'))
            throw new Error(`a file of the catalogue would be ${target}`);
          const plan = planEntry(model, quantisation, machine, 0);
          if (!(plan.neededBytes > 0) || Number.isNaN(plan.tokensPerSecond ?? 0))
            throw new Error(`a plan of ${plan.neededBytes} bytes, ${plan.tokensPerSecond} tokens per second`);
        }
      }
      if (({} as { polluted?: unknown }).polluted !== undefined) throw new Error('all objects were changed');
      return true;
    },
  };
}

function parsed(text: string): Catalogue | undefined {
  try {
    return parseCatalogue(text, 'fuzzed.json');
  } catch (error) {
    if (!(error instanceof TroubleError)) throw error;
    if (error.message.length > 1_000)
      throw new Error(`a message of ${error.message.length} characters`, { cause: error });
    return undefined;
  }
}
