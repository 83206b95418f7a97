import koffi from 'koffi';
import process from 'node:process';

/** The library through which programs reach every Vulkan driver. */
const LOADERS: Partial<Record<NodeJS.Platform, string>> = { linux: 'libvulkan.so.1', win32: 'vulkan-1.dll' };

/** Returns whether this machine has Vulkan's loader. llama.cpp's build for Vulkan needs it. */
export function hasVulkanLoader(): boolean {
  const loader = LOADERS[process.platform];
  return loader !== undefined && isLoadable(loader);
}

/** Returns whether the system finds a shared library, named as a program's dependency is. */
export function isLoadable(library: string): boolean {
  try {
    koffi.load(library).unload();
    return true;
  } catch {
    return false;
  }
}
