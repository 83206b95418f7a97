import { register } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { addPackageRoot } from '../../../kernels/ggml/libraries.ts';
import { cudaPackageFolder, installedCudaPackages, type CudaCatalogue } from './cudaAddOn.ts';

/**
 * A module hook, which runs in its own thread. It maps the names by which node-llama-cpp imports CUDA packages to their
 * installed paths.
 */
const HOOK = `
let urls;
export function initialize(data) { urls = data; }
export function resolve(specifier, context, next) {
  return urls[specifier] === undefined ? next(specifier, context) : { url: urls[specifier], shortCircuit: true };
}`;

const registered = new Set<string>();

/** Lets node-llama-cpp and Chorus's own engine find the installed CUDA packages. Returns their names. */
export function useCudaAddOn(homeFolder: string, catalogue: CudaCatalogue): readonly string[] {
  const names = installedCudaPackages(homeFolder, catalogue);
  const fresh = names.filter((name) => !registered.has(name));
  if (fresh.length === 0) return names;
  for (const name of fresh) addPackageRoot(path.dirname(cudaPackageFolder(homeFolder, catalogue, name)));
  const entry = (name: string): string =>
    pathToFileURL(path.join(cudaPackageFolder(homeFolder, catalogue, name), 'dist', 'index.js')).href;
  const data = Object.fromEntries(fresh.map((name) => [`@node-llama-cpp/${name}`, entry(name)]));
  register(`data:text/javascript,${encodeURIComponent(HOOK)}`, { data });
  for (const name of fresh) registered.add(name);
  return names;
}
