import { homeFolder } from '../../common/home.ts';
import { CUDA_ADD_ON_MISSING } from '../../protocol/client.ts';
import { cudaCatalogue } from './cudaAddOn.ts';
import { useCudaAddOn } from './cudaAddOnHook.ts';
import { findCudaRuntime } from './cudaRuntime.ts';

/**
 * Lets this process find the user's CUDA add-on. Resolves with a message if the machine has CUDA's runtime but not the
 * add-on. A checkout has the libraries from npm and needs none.
 */
export async function prepareCuda(): Promise<string | undefined> {
  const catalogue = await cudaCatalogue();
  if (!catalogue || useCudaAddOn(homeFolder(), catalogue).length > 0) return undefined;
  return (await findCudaRuntime()) === undefined
    ? undefined
    : `${CUDA_ADD_ON_MISSING}; "chorus cuda --install" gets it`;
}
